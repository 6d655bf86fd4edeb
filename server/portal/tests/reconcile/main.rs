//! What somebody changed on a server from outside is put back by one round of the comparison, and told; on a real
//! PostgreSQL and a real control database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod house;

use house::House;
use std::fs;

/// What the superuser changes, and in whose tenant.
const CHANGES: [(&str, &str); 9] = [
    ("shop", "ALTER DATABASE {} CONNECTION LIMIT 500"),
    ("logs", "ALTER DATABASE {} SET work_mem = '1GB'"),
    ("maps", "ALTER DATABASE {} RESET ALL"),
    ("blog", "ALTER ROLE {}_app NOLOGIN"),
    ("wiki", "ALTER ROLE {}_readonly CONNECTION LIMIT -1"),
    ("mail", "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false"),
    // Cut off, and in again.
    ("hold", "ALTER ROLE {}_owner LOGIN"),
    ("halt", "ALTER DATABASE {} CONNECTION LIMIT -1"),
    // A run works on this one.
    ("busy", "ALTER DATABASE {} CONNECTION LIMIT 500"),
];

#[tokio::test]
async fn one_round_mends_all_that_was_changed_from_outside() {
    let mut house = House::open("drift").await;
    for (wish, _) in CHANGES {
        let state = if matches!(wish, "hold" | "halt") { "suspended" } else { "active" };
        house.tenant(wish, state).await;
    }
    house.write_rules().await;
    assert_eq!((house.drifts().await, house.round().await), (vec![], 0), "all is as it should be");
    let good = fs::read_to_string(house.rules_file()).unwrap();

    house.start_run("busy").await;
    for (wish, sql) in CHANGES {
        house.outside(&sql.replace("{}", &House::name(wish))).await;
    }
    // Somebody lets himself in and keeps a customer out.
    let shop = House::name("shop");
    let changed = good.replace(
        &format!("hostssl {shop} +{shop} 203.0.113.7/32 scram-sha-256\n"),
        &format!("hostssl {shop} +{shop} 0.0.0.0/0 trust\n"),
    );
    assert_ne!(changed, good);
    house.change_rules(&changed).await;

    assert_eq!(house.round().await, CHANGES.len(), "eight tenants, and the rules");
    assert_eq!(house.drifts().await, [""; 0]);
    assert_eq!(fs::read_to_string(house.rules_file()).unwrap(), good);
    assert_eq!(house.in_force(&shop).await, ["203.0.113.7", "all"]);
    assert_eq!(
        house.text("SELECT datconnlimit::text FROM pg_database WHERE datname = 'busy_aaaaaa'").await,
        "500"
    );
    let told = "SELECT string_agg(subject, ' ' ORDER BY subject) FROM audit_event
        WHERE action = 'tenant.mend' AND actor_kind = 'system' AND detail ->> 'found' <> ''";
    let names = ["blog", "halt", "hold", "logs", "mail", "maps", "shop", "wiki"].map(House::name).join(" ");
    assert_eq!(house.control(told).await, names);
    let rules = "SELECT detail ->> 'tenants' FROM audit_event WHERE action = 'server.mend_rules'";
    assert_eq!(house.control(rules).await, format!("[\"{shop}\"]"));

    assert_eq!(house.round().await, 0, "there is nothing left to mend");
    assert_eq!(
        house.control("SELECT count(*)::text FROM audit_event WHERE action LIKE '%.mend%'").await,
        "9"
    );
    house.end_runs().await;
    assert_eq!((house.round().await, house.round().await), (1, 0), "the run is over: now it is mended");
    house.close().await;
}

#[tokio::test]
async fn an_address_whose_time_is_over_is_out_within_a_round() {
    let mut house = House::open("expired").await;
    house.tenant("shop", "active").await;
    house.write_rules().await;
    let shop = House::name("shop");
    house.change("UPDATE allowlist_entry SET expires_at = now() + interval '1 hour'").await;
    assert_eq!((house.round().await, house.in_force(&shop).await.len()), (0, 2));
    house.change("UPDATE allowlist_entry SET expires_at = now()").await;
    assert_eq!(house.round().await, 1);
    assert_eq!(house.in_force(&shop).await, ["all"], "only the refusal is left");
    let file = fs::read_to_string(house.rules_file()).unwrap();
    assert!(!file.contains("203.0.113.7"), "{file}");
    assert_eq!(house.round().await, 0);
    house.close().await;
}
