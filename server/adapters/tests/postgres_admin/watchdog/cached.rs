//! While it looks, the watchdog reads no catalog: whoever keeps all of them locked does not keep it from its work.

use super::{BOTH, Watched};
use crate::cluster::{code, run_sql};
use innkeeper_domain::tenant::TenantRole;
use std::time::Duration;
use tokio::task::JoinSet;

/// Every catalog of the watchdog's database, the shared ones among them.
const LOCK_CATALOGS: &str = "DO $$ DECLARE r regclass; BEGIN
    FOR r IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace LOOP
        EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', r);
    END LOOP;
END $$";

/// Each is ended for another reason; those that wait for `pg_advisory_lock(1)` begin when all is locked.
const ATTACKS: [(TenantRole, &str); 3] = [
    (
        TenantRole::App,
        "BEGIN; SELECT pg_advisory_lock_shared(1); SELECT count(pg_advisory_lock(i)) FROM generate_series(10, 9000000) AS i",
    ),
    (
        TenantRole::App,
        "BEGIN; SELECT pg_advisory_lock_shared(1); SELECT count(pg_advisory_lock(i)) FROM generate_series(10000000, 19000000) AS i",
    ),
    (
        TenantRole::Owner,
        "BEGIN; SELECT pg_advisory_lock_shared(1); CREATE RULE r AS ON INSERT TO pg_catalog.pg_authid DO NOTHING",
    ),
];

/// What the attacks themselves need is cached before.
const WARM: &str = "SET default_transaction_read_only = off;
    SELECT count(pg_advisory_lock(i)) FROM generate_series(10, 11) AS i; SELECT pg_advisory_unlock_all()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_needs_no_catalog_while_it_looks() {
    for major in [15, 18] {
        let watched = Watched::start(major).await;
        let ends =
            tokio::time::timeout(Duration::from_secs(30), attack_while_catalogs_are_locked(&watched)).await;
        let ends = ends.unwrap_or_else(|_| panic!("PostgreSQL {major}: some are not ended"));
        assert!(ends.iter().all(|end| end == "57P01"), "PostgreSQL {major}: {ends:?}");
        watched.stop();
    }
}

/// How each of the attacks ends.
async fn attack_while_catalogs_are_locked(Watched { cluster, shop, .. }: &Watched) -> Vec<String> {
    let mut admin = cluster.connect("postgres").await;
    let mut gate = cluster.connect(&shop.name.to_string()).await;
    run_sql(&mut gate, "SELECT pg_advisory_lock(1)").await.unwrap();
    let mut attackers = JoinSet::new();
    for (role, sql) in ATTACKS {
        let mut session = shop.connect(cluster, role).await;
        run_sql(&mut session, WARM).await.unwrap();
        attackers.spawn(async move { code(run_sql(&mut session, sql).await) });
    }
    cluster.until(BOTH).await;
    run_sql(&mut admin, &format!("BEGIN; {LOCK_CATALOGS}")).await.unwrap();
    run_sql(&mut gate, "SELECT pg_advisory_unlock(1)").await.unwrap();
    let ends = attackers.join_all().await;
    run_sql(&mut admin, "ROLLBACK").await.unwrap();
    ends
}
