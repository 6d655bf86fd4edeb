//! Locks by which one tenant would stop all others.

use super::Watched;
use crate::cluster::{Cluster, Guest, code, run_sql, texts};
use innkeeper_domain::{
    ended_sessions::EndReason,
    ports::{SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use sqlx::ConnectOptions as _;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet};

/// How long the attacks run while the neighbour signs in.
const ATTACK: Duration = Duration::from_secs(8);
/// The neighbour signs in so often.
const EVERY: Duration = Duration::from_millis(100);

/// A sign-in that waited for a lock: the locks are held for 30 s where nobody ends their holders.
const LATE: Duration = Duration::from_secs(3);

/// For all of them no right is needed: the lock is taken, or queued for, before rights are checked.
const CATALOG_LOCKS: [&str; 6] = [
    "CREATE RULE r AS ON INSERT TO pg_catalog.pg_authid DO NOTHING",
    "CREATE TRIGGER t BEFORE INSERT ON pg_catalog.pg_database EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()",
    "CREATE STATISTICS public.st ON rolname, rolsuper FROM pg_catalog.pg_authid",
    "ALTER TABLE pg_catalog.pg_db_role_setting ADD COLUMN x int",
    "CREATE INDEX ON pg_catalog.pg_auth_members (roleid)",
    "CREATE POLICY p ON pg_catalog.pg_database",
];

/// Comes back as often as it is ended.
fn attack(
    attackers: &mut JoinSet<u32>,
    (cluster, guest, role): (&Arc<Cluster>, &Guest, TenantRole),
    sql: String,
    done: &watch::Receiver<bool>,
) {
    let (cluster, guest, done) = (cluster.clone(), guest.clone(), done.clone());
    attackers.spawn(async move {
        let mut ended = 0;
        while !*done.borrow() {
            let Ok(mut session) = guest.try_connect(&cluster, role).await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            if run_sql(&mut session, "SET default_transaction_read_only = off").await.is_ok() {
                ended += u32::from(code(run_sql(&mut session, &sql).await) == "57P01");
            }
        }
        ended
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lock_of_a_tenant_keeps_others_from_signing_in() {
    for major in [15, 18] {
        let watched = Watched::start(major).await;
        let Watched { cluster, server, shop, blog, .. } = &watched;
        let (done, stop) = watch::channel(false);
        let mut attackers = JoinSet::new();
        let mut by = |role, sql: &str| attack(&mut attackers, (cluster, shop, role), sql.to_owned(), &stop);
        // Open transactions that have read the catalogs, as many drivers leave them: the others queue behind these.
        let mut readers = vec![];
        for _ in 0..3 {
            let mut reader = shop.connect(cluster, TenantRole::App).await;
            let read =
                "BEGIN; SELECT count(*) FROM pg_roles, pg_database, pg_auth_members, pg_db_role_setting";
            run_sql(&mut reader, read).await.unwrap();
            readers.push(reader);
        }
        for sql in CATALOG_LOCKS {
            by(TenantRole::ReadOnly, sql);
        }
        by(
            TenantRole::Owner,
            "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE blog_bbbbbb SET work_mem = '5MB'; SELECT pg_sleep(30)",
        );
        by(TenantRole::Owner, "DROP DATABASE blog_bbbbbb");
        by(TenantRole::App, "SELECT pg_notify('x', repeat('y', 7000)) FROM generate_series(1, 1000)");
        by(TenantRole::App, "LISTEN x; BEGIN; SELECT pg_sleep(30)");
        // Makes every session forget what it has cached of the catalogs.
        by(
            TenantRole::App,
            "DO $$ BEGIN FOR i IN 1..400 LOOP EXECUTE format('CREATE TEMP TABLE t_%s (a int, b text, c text)', i); END LOOP; END $$",
        );

        // A role that was dropped while it was signed in, as an operator's may be.
        let mut admin = cluster.connect("postgres").await;
        run_sql(&mut admin, "CREATE ROLE gone LOGIN SUPERUSER").await.unwrap();
        let _gone = cluster.options().username("gone").connect().await;
        run_sql(&mut admin, "DROP ROLE gone").await.unwrap();
        // As long as a session has this name, the watchdog looks anew all the time.
        let mut restless = cluster.connect("postgres").await;
        run_sql(&mut restless, "SET application_name = 'innkeeper new roles'").await.unwrap();
        // Tenants that come meanwhile: it has to read who they are.
        let (onboarding, newcomers) = (server.clone(), cluster.clone());
        attackers.spawn(async move {
            for name in ["wiki_cccccc", "docs_dddddd", "tool_eeeeee", "mail_ffffff"] {
                let newcomer = Guest::new(name);
                newcomer.onboard(&*onboarding).await;
                newcomer.connect(&newcomers, TenantRole::App).await;
            }
            0
        });

        let began = Instant::now();
        let mut signing_in = JoinSet::new();
        let mut tick = tokio::time::interval(EVERY);
        while began.elapsed() < ATTACK {
            tick.tick().await;
            let (server, attempt, at) = (server.clone(), blog.sign_in(TenantRole::App), began.elapsed());
            signing_in.spawn(async move {
                let asked = Instant::now();
                let answer = server.sign_in(&attempt).await;
                (at, asked.elapsed(), matches!(answer, Ok(SignInAnswer::In { .. })), format!("{answer:?}"))
            });
        }
        let tries = signing_in.join_all().await;
        let late: Vec<_> = tries
            .iter()
            .filter(|(_, took, let_in, _)| !let_in || *took > LATE)
            .filter(|(at, ..)| *at > Duration::from_secs(1))
            .collect();
        let slowest = tries.iter().map(|(_, took, ..)| *took).max().unwrap();
        println!("PostgreSQL {major}: {} sign-ins, slowest {slowest:?}", tries.len());
        assert!(tries.len() > 50 && late.is_empty(), "PostgreSQL {major}: {late:?}");

        // Suspending closes it while all of that goes on, and nobody undoes it.
        let mut session = server.lock(&shop.name).await.unwrap();
        session.cut_off().await.unwrap();
        let left = "SELECT pid::text FROM pg_stat_activity WHERE usename LIKE 'shop%'";
        assert!(texts(&mut admin, left).await.is_empty());
        done.send(true).unwrap();
        let ended: u32 = attackers.join_all().await.iter().sum();
        assert!(ended > 0);
        watched.until_told(TenantRole::ReadOnly, EndReason::CatalogLock).await;
        watched.until_told(TenantRole::Owner, EndReason::ForeignLock).await;
        assert!(!watched.told().contains_key(&(TenantRole::App, "lock_count")), "{:?}", watched.told());
        watched.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_catalog_is_ended_within_half_a_second() {
    for major in [15, 18] {
        let watched = Watched::start(major).await;
        let Watched { cluster, shop, blog, .. } = &watched;
        // An innocent neighbour that has read the catalog and thinks.
        let mut neighbour = blog.connect(cluster, TenantRole::App).await;
        run_sql(&mut neighbour, "BEGIN; SELECT count(*) FROM pg_roles, pg_database").await.unwrap();
        for (role, sql) in CATALOG_LOCKS.iter().map(|sql| (TenantRole::ReadOnly, *sql)).chain([
            // Shared objects, and catalogs of the own database, which autovacuum reads.
            (TenantRole::ReadOnly, "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE blog_bbbbbb SET work_mem = '5MB'; SELECT pg_sleep(9)"),
            (TenantRole::Owner, "BEGIN; CREATE TABLE g (); GRANT SELECT ON g TO blog_bbbbbb_app; SELECT pg_sleep(9)"),
        ]) {
            let mut session = shop.connect(cluster, role).await;
            run_sql(&mut session, "SET default_transaction_read_only = off").await.unwrap();
            let began = Instant::now();
            let asked = tokio::time::timeout(Duration::from_secs(10), run_sql(&mut session, sql)).await;
            let end = code(asked.unwrap_or_else(|_| panic!("PostgreSQL {major}: nobody ended {sql}")));
            // What the neighbour has not read, nobody waits for: then it is refused at once.
            assert!(["57P01", "42501"].contains(&end.as_str()), "PostgreSQL {major}, {sql}: {end}");
            assert!(began.elapsed() < Duration::from_millis(500), "PostgreSQL {major}, {sql}: {:?}", began.elapsed());
        }
        run_sql(&mut neighbour, "COMMIT").await.unwrap();

        // What it may do to itself stays possible.
        let mut app = shop.connect(cluster, TenantRole::App).await;
        let own = "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE shop_aaaaaa SET work_mem = '5MB'; SELECT pg_sleep(1); COMMIT;
            BEGIN; SELECT pg_notify('x', 'y'); SELECT pg_sleep(0.5); COMMIT;
            BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM information_schema.sql_features; SELECT pg_sleep(0.5); COMMIT";
        run_sql(&mut app, own).await.unwrap();
        watched.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_waits_for_the_watchdog() {
    let watched = Watched::start(15).await;
    let Watched { cluster, shop, .. } = &watched;
    let mut session = shop.connect(cluster, TenantRole::ReadOnly).await;
    run_sql(&mut session, "SET default_transaction_read_only = off").await.unwrap();
    let mut refused = 0;
    for _ in 0..500 {
        let end = code(run_sql(&mut session, CATALOG_LOCKS[0]).await);
        if end == "57P01" {
            // It met a sign-in or the reading of roles.
            session = shop.connect(cluster, TenantRole::ReadOnly).await;
            run_sql(&mut session, "SET default_transaction_read_only = off").await.unwrap();
        } else {
            refused += usize::from(end == "42501");
        }
    }
    assert!(refused > 450, "{refused} of 500 were answered at once");
    watched.stop();
}
