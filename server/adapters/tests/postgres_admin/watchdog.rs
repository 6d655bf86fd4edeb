use crate::cluster::{Cluster, Guest, code, run_sql};
use innkeeper_domain::{
    ports::{SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};

/// As the portal's own server has it.
const SETTINGS: &str = "shared_preload_libraries = 'pg_stat_statements'\nlog_destination = 'jsonlog'\n\
    max_locks_per_transaction = 1024\nmax_connections = 300\n";
/// The most that one attacker tries; the victim is done long before.
const ROUNDS: u32 = 1_000;
const SIGN_INS: usize = 50;

/// Takes locks until it is ended, and comes back at once while the victim is at work; the SQLSTATE of each end.
async fn flood(cluster: Arc<Cluster>, guest: Guest, first: u32, done: watch::Receiver<bool>) -> Vec<String> {
    let mut ends = vec![];
    // Two million locks at most, each attacker its own.
    let last = first + 2_000_000;
    let sql =
        format!("SELECT count(pg_advisory_lock(i)) FROM (SELECT generate_series({first}, {last}) AS i) s");
    for _ in 0..ROUNDS {
        if *done.borrow() {
            break;
        }
        let Ok(mut session) = guest.try_connect(&cluster, TenantRole::App).await else { continue };
        let mut end = code(run_sql(&mut session, &sql).await);
        if end == "53200" {
            // The table is full, and stays so as long as this session lives.
            end = code(run_sql(&mut session, "SELECT pg_sleep(60)").await);
        }
        ends.push(end);
    }
    ends
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_locks_keeps_nobody_out() {
    let cluster = Arc::new(Cluster::start_with(SETTINGS));
    let server = Arc::new(cluster.server());
    server.prepare().await.unwrap();
    let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
    shop.onboard(&*server).await;
    blog.onboard(&*server).await;
    let watchdog = server.clone();
    let watchdog = tokio::spawn(async move { watchdog.watch_locks().await });
    let standing = "SELECT pid::text FROM pg_stat_activity WHERE application_name = 'innkeeper'
        AND state = 'idle in transaction' AND backend_xmin IS NULL";
    cluster.until(standing).await;

    let (done, told) = watch::channel(false);
    let mut attackers = JoinSet::new();
    for first in [1, 10_000_000] {
        attackers.spawn(flood(cluster.clone(), shop.clone(), first, told.clone()));
    }
    let mut answers = BTreeMap::new();
    for _ in 0..SIGN_INS {
        let answer = match server.sign_in(&blog.sign_in(TenantRole::App)).await {
            Ok(SignInAnswer::In { .. }) => "in".to_owned(),
            Ok(SignInAnswer::Refused { code }) => code,
            Ok(SignInAnswer::Full) => "full".to_owned(),
            Err(error) => error.to_string(),
        };
        *answers.entry(answer).or_insert(0) += 1;
        // So that the attack meets the sign-ins in all its phases.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(answers, BTreeMap::from([("in".to_owned(), SIGN_INS)]));
    done.send(true).unwrap();
    let ends = tokio::time::timeout(Duration::from_secs(60), attackers.join_all()).await.unwrap().concat();
    assert!(ends.len() >= 4 && ends.iter().all(|end| end == "57P01"), "{ends:?}");
    assert!(!watchdog.is_finished());
    watchdog.abort();
}
