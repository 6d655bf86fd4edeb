//! What somebody changed on a server from outside is put back by one round of the comparison, and told; on a real
//! PostgreSQL and a real control database.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod house;

use house::House;
use std::fs;

/// What the superuser changes, and in whose tenant.
const CHANGES: [(&str, &str); 10] = [
    ("shop", "ALTER DATABASE {} CONNECTION LIMIT 500"),
    ("logs", "ALTER DATABASE {} SET work_mem = '1GB'"),
    ("maps", "ALTER DATABASE {} RESET ALL"),
    ("blog", "ALTER ROLE {}_app NOLOGIN"),
    ("wiki", "ALTER ROLE {}_readonly CONNECTION LIMIT -1"),
    ("mail", "ALTER DATABASE {} WITH ALLOW_CONNECTIONS false"),
    // Cut off, and in again.
    ("hold", "ALTER ROLE {}_owner LOGIN"),
    ("halt", "ALTER DATABASE {} CONNECTION LIMIT -1"),
    // Its suspension is held, since a session did not end.
    ("held", "ALTER DATABASE {} CONNECTION LIMIT 500"),
    // A run works on this one.
    ("busy", "ALTER DATABASE {} CONNECTION LIMIT 500"),
];

#[tokio::test]
async fn one_round_mends_all_that_was_changed_from_outside() {
    let mut house = House::open("drift").await;
    for (wish, _) in CHANGES {
        let state = if matches!(wish, "hold" | "halt" | "held") { "suspended" } else { "active" };
        house.tenant(wish, state).await;
    }
    house.write_rules().await;
    assert_eq!((house.drifts().await, house.round().await), (vec![], 0), "all is as it should be");
    let good = fs::read_to_string(house.rules_file()).unwrap();

    house.start_run("busy").await;
    house.hold_suspension("held").await;
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

    assert_eq!(house.round().await, CHANGES.len(), "nine tenants, and the rules");
    assert_eq!(house.drifts().await, [""; 0]);
    assert_eq!(fs::read_to_string(house.rules_file()).unwrap(), good);
    assert_eq!(house.in_force(&shop).await, ["203.0.113.7", "all"]);
    assert_eq!(
        house.text("SELECT datconnlimit::text FROM pg_database WHERE datname = 'busy_aaaaaa'").await,
        "500"
    );
    let told = "SELECT string_agg(subject, ' ' ORDER BY subject) FROM audit_event
        WHERE action = 'tenant.mend' AND actor_kind = 'system' AND detail ->> 'found' <> ''";
    let names =
        ["blog", "halt", "held", "hold", "logs", "mail", "maps", "shop", "wiki"].map(House::name).join(" ");
    assert_eq!(house.control(told).await, names);
    let rules = "SELECT detail ->> 'tenants' FROM audit_event WHERE action = 'server.mend_rules'";
    assert_eq!(house.control(rules).await, format!("[\"{shop}\"]"));

    assert_eq!(house.round().await, 0, "there is nothing left to mend");
    assert_eq!(
        house.control("SELECT count(*)::text FROM audit_event WHERE action LIKE '%.mend%'").await,
        "10"
    );
    house.end_runs().await;
    assert_eq!((house.round().await, house.round().await), (1, 0), "the run is over: now it is mended");
    house.close().await;
}

#[tokio::test]
async fn what_an_earlier_version_made_is_brought_in_order() {
    let mut house = House::open("layout").await;
    for (wish, state) in
        [("shop", "active"), ("hold", "suspended"), ("busy", "active"), ("gone", "destroying")]
    {
        house.tenant(wish, state).await;
    }
    house.write_rules().await;
    house.round().await;
    house.forget();
    house.start_run("busy").await;
    let locks = "'pg_catalog.pg_try_advisory_lock(bigint)'::regprocedure";
    let is_recorded = format!("SELECT count(*)::text FROM pg_init_privs WHERE objoid = {locks}");
    for wish in ["shop", "hold", "busy"] {
        house.inside(wish, &format!("DELETE FROM pg_init_privs WHERE objoid = {locks}")).await;
        assert_eq!(house.text_inside(wish, &is_recorded).await, "0");
    }
    assert_eq!(house.round().await, 2, "a run works on one, one is closed");
    for (wish, recorded) in [("shop", "1"), ("hold", "1"), ("busy", "0")] {
        assert_eq!(house.text_inside(wish, &is_recorded).await, recorded, "{wish}");
    }
    house.end_runs().await;
    assert_eq!((house.round().await, house.round().await), (1, 0), "the run is over");
    assert_eq!(house.text_inside("busy", &is_recorded).await, "1");
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
    assert_eq!(house.control(MENDED).await, "0", "nobody has changed anything");

    // What somebody changed meanwhile is told all the same.
    house.change("UPDATE allowlist_entry SET expires_at = now() + interval '1 hour'").await;
    assert_eq!(
        (house.round().await, house.control(MENDED).await.as_str()),
        (1, "1"),
        "it is missing in the file"
    );
    house.change("UPDATE allowlist_entry SET expires_at = now()").await;
    let with_expired = fs::read_to_string(house.rules_file()).unwrap();
    house.change_rules(&with_expired.replace("203.0.113.7/32", "0.0.0.0/0")).await;
    assert_eq!((house.round().await, house.control(MENDED).await.as_str()), (1, "2"));
    house.close().await;
}

/// How often it was told that the rules were changed from outside.
const MENDED: &str = "SELECT count(*)::text FROM audit_event WHERE action = 'server.mend_rules'";

#[tokio::test]
async fn the_first_rules_of_a_server_are_nobodys_change() {
    let mut house = House::open("first").await;
    let bare = fs::read_to_string(house.rules_file()).unwrap();
    assert!(!bare.contains("innkeeper_tenants"), "{bare}");
    assert_eq!(house.two_rounds().await, (0, 0));
    let written = fs::read_to_string(house.rules_file()).unwrap();
    assert!(
        written.contains("host all +innkeeper_tenants all reject\n") && written.ends_with(&bare),
        "{written}"
    );
    assert_eq!((house.two_rounds().await, house.control(MENDED).await.as_str()), ((0, 0), "0"));

    // A run has changed the rows and waits for its turn to write them.
    house.tenant("shop", "active").await;
    house.start_run("shop").await;
    assert_eq!((house.two_rounds().await, house.control(MENDED).await.as_str()), ((0, 0), "0"));
    house.end_runs().await;
    let good = fs::read_to_string(house.rules_file()).unwrap();
    assert!(good.contains("shop_aaaaaa"), "{good}");

    // Somebody takes away what holds for all tenants, or the whole block; of two portals one tells it.
    for (told, changed) in [("1", good.replace("host all +innkeeper_tenants all reject\n", "")), ("2", bare)]
    {
        house.change_rules(&changed).await;
        let (one, other) = house.two_rounds().await;
        assert_eq!((one + other, house.control(MENDED).await.as_str()), (1, told));
        assert_eq!(fs::read_to_string(house.rules_file()).unwrap(), good);
    }
    house.close().await;
}
