//! What load balancers and monitors are told.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{run, value},
    until,
};
use std::time::{Duration, Instant};

async fn read_only(portal: &Portal, on: bool) {
    let mut sql = portal.sql("postgres").await;
    run(&mut sql, "set default_transaction_read_only = off").await;
    let switch =
        if on { "set default_transaction_read_only = on" } else { "reset default_transaction_read_only" };
    run(&mut sql, &format!("alter system {switch}")).await;
    run(&mut sql, "select pg_reload_conf()").await;
}

#[tokio::test]
async fn health_says_when_nothing_can_be_written() {
    let portal = Portal::start(Options::default()).await;
    let monitor = Person::new(&portal, "nobody@acme.example");
    let status = async |wanted: u16| {
        until(30, "another health", async || (monitor.get("/health").await.status == wanted).then_some(()))
            .await;
    };
    status(200).await;
    read_only(&portal, true).await;
    status(503).await;
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let page = monitor.get("/health").await;
        assert_eq!((page.status, page.text().lines().count()), (503, 1));
        let said: serde_json::Value = serde_json::from_str(&page.text()).unwrap();
        assert_eq!(said["error"], "the control database is read-only");
        assert!(!page.text().contains("INSERT"), "{page}");
    }
    let log = portal.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("not healthy")).collect();
    assert!(lines.len() == 1 && lines[0].contains("read-only transaction"), "{lines:?}");
    read_only(&portal, false).await;
    status(200).await;
    assert!(portal.log().contains("healthy again"));
}

#[tokio::test]
async fn asking_often_costs_little() {
    let portal = Portal::start(Options::default()).await;
    let mut owner = portal.control().await;
    run(&mut owner, "create sequence asked; grant usage on sequence asked to public").await;
    let body = "create function asked() returns trigger language plpgsql as $$ begin perform nextval('public.asked'); return new; end $$";
    run(&mut owner, body).await;
    run(
        &mut owner,
        "create trigger asked before insert or update on health_check for each row execute function asked()",
    )
    .await;
    let began = Instant::now();
    let monitors: Vec<_> = (0..50).map(|_| Person::new(&portal, "nobody@acme.example")).collect();
    for _ in 0..10 {
        let all = monitors.iter().map(|monitor| monitor.get("/health"));
        assert!(futures::future::join_all(all).await.iter().all(|page| page.status == 200));
    }
    // An insert that becomes an update counts twice.
    let most = 2 * (began.elapsed().as_secs() + 2);
    let asked: u64 = value(&mut owner, "select last_value from asked").await.parse().unwrap();
    assert!(asked <= most, "{asked} writes by 500 requests, {most} at most");
    println!("health: 500 requests, {asked} writes");
}
