use crate::cluster::{Cluster, Guest, run_sql, texts};
use innkeeper_domain::{ports::TenantServer, tenant::TenantRole};
use std::sync::Arc;

const WAITS_FOR_LOCK: &str = "SELECT pid::text FROM pg_stat_activity WHERE wait_event = 'advisory'";

#[tokio::test]
async fn one_tenant_has_one_holder() {
    let cluster = Cluster::start();
    let server = Arc::new(cluster.server());
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    let first = server.lock(&shop.name).await.unwrap();
    // Another tenant is free.
    drop(server.lock(&Guest::new("blog_bbbbbb").name).await.unwrap());

    let (other, name) = (server.clone(), shop.name.clone());
    let second = tokio::spawn(async move { other.lock(&name).await.map(|_| ()) });
    cluster.until(WAITS_FOR_LOCK).await;
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_server_has_one_writer_of_rules() {
    let cluster = Cluster::start();
    let server = Arc::new(cluster.server());
    let first = server.lock_rules().await.unwrap();
    let other = server.clone();
    let second = tokio::spawn(async move { other.lock_rules().await.map(|_| ()) });
    cluster.until(WAITS_FOR_LOCK).await;
    drop(first);
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_killed_maker_of_a_database_is_waited_for() {
    let cluster = Cluster::start();
    let server = Arc::new(cluster.server());
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");

    // The template is held, so that CREATE DATABASE is surely under way when its client dies.
    let mut holder = cluster.connect("postgres").await;
    run_sql(&mut holder, "BEGIN; ALTER DATABASE innkeeper_tpl RENAME TO innkeeper_held").await.unwrap();
    let (other, guest) = (server.clone(), shop.clone());
    let maker = tokio::spawn(async move {
        let mut session = other.lock(&guest.name).await.unwrap();
        session.create_roles(&guest.verifiers).await.unwrap();
        session.create_database().await
    });
    let under_way = "SELECT pid::text FROM pg_stat_activity WHERE query LIKE 'CREATE DATABASE%' AND wait_event_type = 'Lock'";
    cluster.until(under_way).await;
    let in_flight = server.inventory().await.unwrap().in_flight;
    assert!(in_flight.len() == 1 && in_flight[0].1 == "CREATE DATABASE \"shop_aaaaaa\"", "{in_flight:?}");
    maker.abort();
    assert!(maker.await.unwrap_err().is_cancelled());

    let (other, guest) = (server.clone(), shop.clone());
    let recovery = tokio::spawn(async move {
        let mut session = other.lock(&guest.name).await.unwrap();
        let mut admin = other.inventory().await.unwrap().databases;
        session.create_database().await.unwrap();
        admin.sort();
        admin
    });
    cluster.until(WAITS_FOR_LOCK).await;
    run_sql(&mut holder, "ROLLBACK").await.unwrap();
    // The orphan went on and made it; the next holder came only after that and took it over.
    assert_eq!(recovery.await.unwrap(), ["shop_aaaaaa"]);
    shop.onboard(server.as_ref()).await;
    let mut app = shop.connect(&cluster, TenantRole::App).await;
    run_sql(&mut app, "SELECT 1").await.unwrap();
}

#[tokio::test]
async fn hostile_sessions_are_cut_off() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    // Each holds its own role's row, which blocks ALTER ROLE, calls itself ours, and comes back at once.
    let attack = |role: TenantRole| {
        let guest = shop.clone();
        let options = cluster
            .customer(&guest.name.role(role), guest.passwords.of(role), "shop_aaaaaa")
            .application_name("innkeeper");
        tokio::spawn(async move {
            loop {
                let Ok(mut session) = sqlx::ConnectOptions::connect(&options).await else { continue };
                let sql = "BEGIN; SET LOCAL transaction_read_only = off; ALTER ROLE CURRENT_USER SET work_mem = '1MB'; SELECT pg_sleep(60)";
                let _ended = run_sql(&mut session, sql).await;
            }
        })
    };
    let attackers: Vec<_> = TenantRole::ALL.iter().map(|role| attack(*role)).collect();
    cluster
        .until("SELECT 'all' FROM pg_stat_activity WHERE wait_event = 'PgSleep' HAVING count(*) = 3")
        .await;

    let mut session = server.lock(&shop.name).await.unwrap();
    session.reset_limits().await.unwrap();
    session.set_login(false).await.unwrap();
    let mut admin = cluster.connect("postgres").await;
    let alive =
        "SELECT pid::text FROM pg_stat_activity WHERE datname = 'shop_aaaaaa' AND pid <> pg_backend_pid()";
    let can_login = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'shop%' AND rolcanlogin";
    assert!(texts(&mut admin, can_login).await.is_empty());
    assert!(texts(&mut admin, alive).await.is_empty());
    for attacker in attackers {
        attacker.abort();
    }
}
