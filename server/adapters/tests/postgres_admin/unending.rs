//! Sessions that do not end when they are told to.

use crate::cluster::{Cluster, Guest, limits, run_sql, texts};
use innkeeper_domain::{
    ports::{ServerError, SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use sqlx::PgConnection;
use std::process::Command;

/// An expression over a few kilobytes that libxml2 works on for hours, and looks for no interrupt.
const ATTACK: &str = "SELECT xpath('count(//*[count(//*[count(//*) > 0]) > 0])',
    ('<a>' || repeat('<b/>', 3000) || '</a>')::xml)";
const ATTACKER: &str =
    "SELECT pid::text FROM pg_stat_activity WHERE query LIKE '%xpath%' AND state = 'active'
    AND pid <> pg_backend_pid() AND query_start < clock_timestamp() - interval '1 second'";

fn signal(pid: &str, name: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

async fn is_closed(cluster: &Cluster, server: &dyn TenantServer, shop: &Guest) {
    let mut admin = cluster.connect("postgres").await;
    let open = "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'shop%' AND rolcanlogin
        UNION ALL SELECT datname::text FROM pg_database WHERE datname LIKE 'shop%' AND datconnlimit <> 0";
    assert!(texts(&mut admin, open).await.is_empty());
    for role in TenantRole::ALL {
        let answer = server.sign_in(&shop.sign_in(*role)).await.unwrap();
        assert!(matches!(answer, SignInAnswer::Refused { code } if code == "28000"), "{role:?}");
    }
}

/// A new session, also of a server that has to recover first.
async fn connect(cluster: &Cluster) -> PgConnection {
    loop {
        if let Ok(session) = sqlx::ConnectOptions::connect(&cluster.options()).await {
            return session;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_does_not_end_is_named_and_everybody_else_kept_out() {
    for major in [15, 18] {
        let cluster = Cluster::start_version(major);
        let server = cluster.server();
        server.prepare().await.unwrap();
        let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
        shop.onboard(&server).await;
        blog.onboard(&server).await;
        let mut attacker = shop.connect(&cluster, TenantRole::ReadOnly).await;
        let mut other = shop.connect(&cluster, TenantRole::App).await;
        let attack = tokio::spawn(async move { run_sql(&mut attacker, ATTACK).await });
        cluster.until(ATTACKER).await;
        let pid = texts(&mut cluster.connect("postgres").await, ATTACKER).await.remove(0);

        for _ in 0..2 {
            let mut session = server.lock(&shop.name).await.unwrap();
            let cut = session.cut_off().await;
            let told = |cause: &str| cause.contains(&format!("process {pid} (role shop_aaaaaa_readonly "));
            assert!(matches!(&cut, Err(ServerError::Unavailable { cause, .. }) if told(cause)), "{cut:?}");
            is_closed(&cluster, &server, &shop).await;
        }
        run_sql(&mut other, "SELECT 1").await.unwrap_err();

        // Another tenant's removal waits for that session as well, and says so to the operator alone.
        let mut session = server.lock(&blog.name).await.unwrap();
        session.cut_off().await.unwrap();
        let dropped = session.drop_database().await.unwrap_err();
        let ServerError::Blocked { by, .. } = &dropped else { panic!("{dropped:?}") };
        assert!(
            by.contains(&format!("process {pid} (role shop_aaaaaa_readonly in database shop_aaaaaa")),
            "{by}"
        );
        assert!(!dropped.to_string().contains(&pid) && !dropped.to_string().contains("shop"), "{dropped}");
        // Nobody waits any longer, so that nothing else does.
        let waits = "SELECT query FROM pg_stat_activity WHERE wait_event = 'ProcSignalBarrier'";
        assert!(texts(&mut cluster.connect("postgres").await, waits).await.is_empty());

        // The operator ends the process, and with it all sessions of the server.
        let mut witness = cluster.connect("postgres").await;
        signal(&pid, "-KILL");
        attack.await.unwrap().unwrap_err();
        while run_sql(&mut witness, "SELECT 1").await.is_ok() {}
        drop(connect(&cluster).await);
        is_closed(&cluster, &server, &shop).await;
        server.lock(&shop.name).await.unwrap().cut_off().await.unwrap();
        server.lock(&shop.name).await.unwrap().let_in(&limits()).await.unwrap();
        shop.connect(&cluster, TenantRole::ReadOnly).await;
        blog.offboard(&server).await;
    }
}

#[tokio::test]
async fn a_stopped_process_is_named_until_it_goes_on() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&server).await;
    blog.onboard(&server).await;
    let mut stopped = shop.connect(&cluster, TenantRole::App).await;
    // It holds its role's row as well, which nobody can change then.
    run_sql(&mut stopped, "BEGIN; ALTER ROLE CURRENT_USER SET work_mem = '1MB'").await.unwrap();
    let pid = texts(&mut stopped, "SELECT pg_backend_pid()::text").await.remove(0);
    signal(&pid, "-STOP");

    let cut = server.lock(&shop.name).await.unwrap().cut_off().await;
    assert!(
        matches!(&cut, Err(ServerError::Unavailable { cause, .. }) if cause.contains(&format!("process {pid} "))),
        "{cut:?}"
    );
    let mut session = server.lock(&blog.name).await.unwrap();
    session.cut_off().await.unwrap();
    let dropped = session.drop_database().await;
    assert!(
        matches!(&dropped, Err(ServerError::Blocked { by, .. }) if by.contains(&format!("process {pid} "))),
        "{dropped:?}"
    );
    signal(&pid, "-CONT");
    server.lock(&shop.name).await.unwrap().cut_off().await.unwrap();
    is_closed(&cluster, &server, &shop).await;
    blog.offboard(&server).await;
}

#[tokio::test]
async fn who_has_a_lock_on_another_database_is_named() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&server).await;
    blog.onboard(&server).await;
    let mut locker = shop.connect(&cluster, TenantRole::App).await;
    run_sql(&mut locker, "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE blog_bbbbbb SET work_mem = '1MB'")
        .await
        .unwrap();
    let dropped = server.lock(&blog.name).await.unwrap().drop_database().await;
    assert!(
        matches!(&dropped, Err(ServerError::Blocked { by, .. }) if by.contains("role shop_aaaaaa_app ")),
        "{dropped:?}"
    );
    run_sql(&mut locker, "ROLLBACK").await.unwrap();
    blog.offboard(&server).await;
}

#[tokio::test]
async fn old_passwords_go_although_a_session_does_not_end() {
    let cluster = Cluster::start();
    let server = cluster.server();
    server.prepare().await.unwrap();
    let (shop, renewed) = (Guest::new("shop_aaaaaa"), Guest::new("shop_aaaaab"));
    shop.onboard(&server).await;
    let mut stopped = shop.connect(&cluster, TenantRole::ReadOnly).await;
    let pid = texts(&mut stopped, "SELECT pg_backend_pid()::text").await.remove(0);
    signal(&pid, "-STOP");
    let reset = server.lock(&shop.name).await.unwrap().reset_roles(&renewed.verifiers).await;
    assert!(
        matches!(&reset, Err(ServerError::Unavailable { cause, .. }) if cause.contains(&format!("process {pid} "))),
        "{reset:?}"
    );
    let mut kept = texts(
        &mut cluster.connect("postgres").await,
        "SELECT rolpassword FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY rolname",
    )
    .await;
    kept.retain(|verifier| {
        !renewed.verifiers.iter().any(|(_, new)| new.as_ref().unwrap().expose() == verifier)
    });
    assert!(kept.is_empty(), "an old verifier is still there");
    let with_new = Guest { passwords: renewed.passwords.clone(), ..shop.clone() };
    is_closed(&cluster, &server, &with_new).await;
    signal(&pid, "-CONT");
    server.lock(&shop.name).await.unwrap().reset_roles(&renewed.verifiers).await.unwrap();
}
