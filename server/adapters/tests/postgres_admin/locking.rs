use crate::cluster::{Cluster, Guest, limits, run_sql, texts};
use innkeeper_domain::{
    ports::{SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use sqlx::ConnectOptions as _;
use std::sync::Arc;

/// Somebody looks who holds a tenant's lock.
const WAITS_FOR_TENANT: &str =
    "SELECT pid::text FROM pg_stat_activity WHERE query LIKE '%l.granted%' AND pid <> pg_backend_pid()";
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
    cluster.until(WAITS_FOR_TENANT).await;
    assert!(!second.is_finished());
    drop(first);
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_holder_that_does_nothing_any_more_is_ended() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    let mut stopped = server.lock(&shop.name).await.unwrap();
    let mut next = server.lock(&shop.name).await.unwrap();
    next.create_roles(&shop.verifiers).await.unwrap();
    stopped.create_roles(&shop.verifiers).await.unwrap_err();
    stopped.drop_roles().await.unwrap_err();
    next.create_database().await.unwrap();
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
    cluster.until(WAITS_FOR_TENANT).await;
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

#[tokio::test]
async fn who_is_on_the_way_in_does_not_come_in_after_the_cut() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let shop = Guest::new("shop_aaaaaa");
        shop.onboard(&server).await;
        // Any client may ask for this pause. It has passed all checks by then, and is no session yet.
        let options = cluster
            .customer(&shop.name.role(TenantRole::App), shop.passwords.of(TenantRole::App), "shop_aaaaaa")
            .options([("post_auth_delay", "5")]);
        let coming = tokio::spawn(async move { sqlx::ConnectOptions::connect(&options).await });
        let checked =
            "SELECT 'checked' FROM pg_locks WHERE locktype = 'object' AND classid = 'pg_database'::regclass
            AND objid = (SELECT oid FROM pg_database WHERE datname = 'shop_aaaaaa')";
        cluster.until(checked).await;
        let mut session = server.lock(&shop.name).await.unwrap();
        session.cut_off().await.unwrap();
        // It may be told that it is in, but nothing it asks is answered.
        if let Ok(mut late) = coming.await.unwrap() {
            let asked = run_sql(&mut late, "SELECT 1").await;
            assert!(asked.is_err(), "it is inside on PostgreSQL {major}");
        }
        let left = "SELECT pid::text FROM pg_stat_activity WHERE usename LIKE 'shop%'";
        assert!(texts(&mut cluster.connect("postgres").await, left).await.is_empty());
    }
}

#[tokio::test]
async fn a_tenant_is_cut_off_let_in_closed_and_opened() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let shop = Guest::new("shop_aaaaaa");
    shop.onboard(&server).await;
    let state = "SELECT rolname::text || ' ' || rolcanlogin || ' ' || rolconnlimit || ' ' || coalesce(rolpassword, '') FROM pg_authid
         WHERE rolname LIKE 'shop%' UNION ALL SELECT datname || ' ' || datconnlimit || ' ' || datallowconn FROM pg_database
         WHERE datname LIKE 'shop%' UNION ALL SELECT setconfig::text FROM pg_db_role_setting ORDER BY 1";
    let mut admin = cluster.connect("postgres").await;
    let before = texts(&mut admin, state).await;
    let mut app = shop.connect(&cluster, TenantRole::App).await;
    for _ in 0..2 {
        let mut session = server.lock(&shop.name).await.unwrap();
        session.cut_off().await.unwrap();
        session.cut_off().await.unwrap();
        run_sql(&mut app, "SELECT 1").await.unwrap_err();
        for role in TenantRole::ALL {
            let answer = server.sign_in(&shop.sign_in(*role)).await.unwrap();
            assert!(matches!(answer, SignInAnswer::Refused { code } if code == "28000"), "{role:?}");
        }
        session.set_closed(true).await.unwrap();
        session.set_closed(true).await.unwrap();
        assert!(cluster.options().database("shop_aaaaaa").connect().await.is_err(), "also the administrator");
        session.set_closed(false).await.unwrap();
        session.let_in(&limits()).await.unwrap();
        session.let_in(&limits()).await.unwrap();
        app = shop.connect(&cluster, TenantRole::App).await;
    }
    assert_eq!(texts(&mut admin, state).await, before, "as it was before");
}
