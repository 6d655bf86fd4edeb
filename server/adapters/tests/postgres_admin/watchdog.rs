//! The watchdog over the lock table: what it ends, and what it lets pass.

use crate::cluster::{Cluster, Guest, code, run_sql};
use innkeeper_adapters::postgres_admin::PostgresServer;
use innkeeper_domain::{
    ended_sessions::{EndReason, EndedSessions},
    ports::{SignInAnswer, TenantServer},
    tenant::TenantRole,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, task::JoinSet};

mod cached;
mod hostile;
mod ordinary;

/// As the portal's own server has it.
const SETTINGS: &str = "shared_preload_libraries = 'pg_stat_statements'\nlog_destination = 'jsonlog'\n\
    max_locks_per_transaction = 1024\nmax_connections = 300\n";

/// Both sessions of the watchdog are looking.
const BOTH: &str = "SELECT 'both' FROM pg_stat_activity WHERE application_name LIKE 'innkeeper watchdog %' HAVING count(*) = 2";

/// A server with two tenants, of which the watchdog watches.
struct Watched {
    cluster: Arc<Cluster>,
    server: Arc<PostgresServer>,
    shop: Guest,
    blog: Guest,
    told: Arc<Mutex<Vec<EndedSessions>>>,
    watchdog: tokio::task::JoinHandle<()>,
}

impl Watched {
    async fn start(major: u32) -> Self {
        let cluster = Arc::new(Cluster::start_version_with(major, SETTINGS));
        let server = Arc::new(cluster.server());
        server.prepare().await.unwrap();
        let (shop, blog) = (Guest::new("shop_aaaaaa"), Guest::new("blog_bbbbbb"));
        shop.onboard(&*server).await;
        blog.onboard(&*server).await;
        let told = Arc::new(Mutex::new(vec![]));
        let (watched, tell) = (server.clone(), told.clone());
        let watchdog = tokio::spawn(async move {
            let Err(error) = watched.watch_locks(&move |ended| tell.lock().unwrap().push(ended)).await;
            panic!("the watchdog ended: {error}");
        });
        cluster.until(BOTH).await;
        Self { cluster, server, shop, blog, told, watchdog }
    }

    /// Sessions that were told of as ended, by role and reason. Looks are told of when they are over.
    fn told(&self) -> BTreeMap<(TenantRole, &'static str), i64> {
        let mut counts = BTreeMap::new();
        for ended in &*self.told.lock().unwrap() {
            assert_eq!(ended.tenant, self.shop.name, "nobody else is ended: {ended:?}");
            *counts.entry((ended.role, ended.reason.as_str())).or_insert(0) += ended.sessions;
        }
        counts
    }

    async fn until_told(&self, role: TenantRole, reason: EndReason) {
        let wait = async {
            while !self.told().contains_key(&(role, reason.as_str())) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait)
            .await
            .unwrap_or_else(|_| panic!("{:?}", self.told()));
    }

    fn stop(self) {
        assert!(!self.watchdog.is_finished());
        self.watchdog.abort();
    }
}

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
    let watched = Watched::start(15).await;
    let Watched { cluster, server, shop, blog, .. } = &watched;
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
    watched.until_told(TenantRole::App, EndReason::LockCount).await;
    watched.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_tenant_is_watched_from_its_first_session() {
    let watched = Watched::start(15).await;
    let Watched { cluster, server, .. } = &watched;
    // Of a portal that was stopped.
    let mut stopped = cluster.connect("postgres").await;
    run_sql(&mut stopped, "SET application_name = 'innkeeper watchdog 1 1'").await.unwrap();
    for name in ["wiki_cccccc", "docs_dddddd", "tool_eeeeee"] {
        let newcomer = Guest::new(name);
        newcomer.onboard(&**server).await;
        // Far more at once than are allowed: the table is full before anybody can look.
        let (done, once) = watch::channel(false);
        let mut attackers = JoinSet::new();
        for first in 0..4 {
            attackers.spawn(flood(cluster.clone(), newcomer.clone(), first * 10_000_000, once.clone()));
        }
        let first = attackers.join_next();
        let in_time = tokio::time::timeout(Duration::from_secs(2), first).await;
        assert!(in_time.is_err(), "{name}: somebody came to an end without being told to");
        done.send(true).unwrap();
        let ends = tokio::time::timeout(Duration::from_secs(20), attackers.join_all()).await;
        let ends = ends.unwrap_or_else(|_| panic!("{name}: nobody ended its sessions")).concat();
        assert!(ends.len() >= 4 && ends.iter().all(|end| end == "57P01"), "{name}: {ends:?}");
    }
    watched.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_session_is_opened_anew() {
    let watched = Watched::start(15).await;
    let Watched { cluster, shop, .. } = &watched;
    let lose = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'innkeeper watchdog%'";
    let mut admin = cluster.connect("postgres").await;
    for limit in ["LIMIT 1", ""] {
        run_sql(&mut admin, &format!("{lose} {limit}")).await.unwrap();
        cluster.until(BOTH).await;
    }
    let mut app = shop.connect(cluster, TenantRole::App).await;
    let foreign =
        "BEGIN; ALTER ROLE CURRENT_USER IN DATABASE blog_bbbbbb SET work_mem = '5MB'; SELECT pg_sleep(9)";
    assert_eq!(code(run_sql(&mut app, foreign).await), "57P01");
    watched.stop();
}
