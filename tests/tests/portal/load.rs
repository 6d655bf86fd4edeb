//! The address rules under load: a hundred changes at once, wave after wave, while the portal makes more databases and
//! clients of other tenants sign in.

use innkeeper_adapters::postgres_admin::{PostgresServer, ProbeAccess, ServerAccess};
use innkeeper_domain::{hba, ids::ServerId, ports::TenantServer};
use innkeeper_service::{
    context::servers::Servers,
    fleet::hba_writer::{RuleWriter, load},
};
use innkeeper_tests::{
    Credentials, Options, Person, Portal, orphans,
    relay::Relay,
    tenant::{run, sign_in_code, value},
    until,
};
use sqlx::{
    AssertSqlSafe, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    fs,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};
use tokio::task::JoinSet;

/// Changes at once.
const AT_ONCE: usize = 100;
/// Sign-ins of other tenants, at least.
const SIGN_INS: usize = 1000;
/// Clients that make them, of two tenants; one in four is the read-only role.
const CLIENTS: usize = 48;
/// Tenants whose lists are changed. The plan lets so many of a tenant's requesters in at the same time.
const CHANGED: usize = 10;

/// Somebody who changes one tenant's list by one address.
struct Requester {
    tenant: Credentials,
    address: Ipv4Addr,
    relay: Relay,
}

/// One more portal at the same server and control database, of which the test has the writer in its hands: no page
/// changes a list yet.
struct Other {
    id: ServerId,
    server: Arc<PostgresServer>,
    writer: RuleWriter,
    /// As the worker role.
    worker: PgPool,
    /// For what a page would commit.
    control: PgPool,
}

impl Other {
    async fn beside(portal: &Portal, ca: &str) -> Self {
        let id = "select 'sv_' || replace(id::text, '-', '') from server";
        let id = value(&mut portal.control().await, id).await.parse().unwrap();
        let control = portal.superuser("innkeeper");
        let pool = async |options| PgPoolOptions::new().max_connections(10).connect_with(options).await;
        let worker = pool(control.clone().options([("role", "innkeeper_worker")])).await.unwrap();
        let server = Arc::new(PostgresServer::new(ServerAccess {
            admin: portal.superuser("postgres"),
            endpoint: innkeeper_domain::connection::Endpoint {
                host: "localhost".into(),
                port: portal.database_port(),
            },
            ca_certificate: ca.into(),
            probe: ProbeAccess {
                host: "localhost".into(),
                port: portal.database_port(),
                source: Ipv4Addr::LOCALHOST.into(),
            },
            control_database: Some("innkeeper".into()),
            shared: false,
            programs: None,
            data: None,
        }));
        let servers = Servers::default();
        servers.put(id, server.clone());
        let writer = RuleWriter::new(worker.clone(), servers);
        Self { id, server, writer, worker, control: pool(control).await.unwrap() }
    }

    /// Commits the change, waits until it is told to be in force, and at once tries whether it is.
    async fn change(&self, requester: &Requester, let_in: bool) {
        let Requester { tenant, address, relay } = requester;
        let sql = if let_in {
            format!(
                "insert into allowlist_entry (tenant_id, organisation_id, range, created_by)
                 select id, organisation_id, '{address}/32', requested_by from tenant where name = '{}'",
                tenant.database
            )
        } else {
            format!("delete from allowlist_entry where range = '{address}/32'")
        };
        let changed = sqlx::query(AssertSqlSafe(sql)).execute(&self.control).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
        self.writer.apply(self.id).await.unwrap();
        let code = sign_in_code(&tenant.options("app").host("localhost").port(relay.port())).await;
        assert_eq!(
            code,
            if let_in { "OK" } else { "28000" },
            "{address} to {}, told to be in force",
            tenant.database
        );
    }
}

/// How often the server has read its rules, as its log says.
async fn reloads(portal: &Portal) -> usize {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let mark = format!("asked for the {}. time", ASKED.fetch_add(1, Ordering::Relaxed));
    let raise = format!("do $$ begin raise log '{mark}'; end $$");
    run(&mut portal.sql("postgres").await, &raise).await;
    let folder = portal.data().join("postgres/log");
    // Behind what it has to count, in the same log.
    until(20, "the server's log", async || {
        let read = |entry: Result<fs::DirEntry, _>| fs::read(entry.unwrap().path()).unwrap();
        let log: Vec<u8> = fs::read_dir(&folder).unwrap().flat_map(read).collect();
        let log = String::from_utf8_lossy(&log);
        log.contains(&mark).then(|| log.matches("received SIGHUP, reloading configuration files").count())
    })
    .await
}

/// Signs in again and again until it is told to stop.
async fn customer(options: PgConnectOptions, tally: Arc<Tally>) {
    while !tally.stop.load(Ordering::Relaxed) {
        match sign_in_code(&options).await.as_str() {
            "OK" => _ = tally.sign_ins.fetch_add(1, Ordering::Relaxed),
            code => tally.failures.lock().unwrap().push(code.to_owned()),
        }
    }
}

/// What customers and waves know of each other.
#[derive(Default)]
struct Tally {
    stop: AtomicBool,
    sign_ins: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_changes_at_once_are_a_few_writes_and_no_other_tenant_notices() {
    let mut options = Options::default();
    for name in ["REQUEST_PER_ACCOUNT", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"] {
        options = options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600");
    }
    let portal = Portal::start(options).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let create = async |wish: &str, allow: &[(&str, &str)]| {
        let name = jane.create("Acme", wish, allow).await;
        jane.reveal(&name).await
    };
    // One behind the line for all that any address may reach, one behind a list.
    let neighbours = [create("open", &[("allow_any", "on")]).await, create("near", &[]).await];
    let mut changed = Vec::new();
    for at in 0..CHANGED {
        changed.push(create(&format!("shop{at}"), &[]).await);
    }
    let other = Other::beside(&portal, &neighbours[0].ca).await;
    let mut requesters = Vec::new();
    for (at, tenant) in (0..AT_ONCE).zip(changed.iter().cycle()) {
        let address = Ipv4Addr::new(127, 0, 1, u8::try_from(at).unwrap());
        let relay = Relay::start(address, portal.database_port()).await;
        requesters.push(Requester { tenant: tenant.clone(), address, relay });
    }

    let (tally, began) = (Arc::new(Tally::default()), reloads(&portal).await);
    let mut customers = JoinSet::new();
    for (at, tenant) in (0..CLIENTS).zip(neighbours.iter().cycle()) {
        let role = if at / 2 % 4 == 0 { "readonly" } else { "app" };
        customers.spawn(customer(tenant.options(role), tally.clone()));
    }
    let mut waves = 0;
    while waves == 0 || tally.sign_ins.load(Ordering::Relaxed) < SIGN_INS {
        let (let_in, late) = (waves % 2 == 0, format!("late{waves}"));
        let changes = futures::future::join_all(requesters.iter().map(|one| other.change(one, let_in)));
        // The portal's own writer is at work at the same time.
        futures::join!(changes, jane.create("Acme", &late, &[("addresses", "203.0.113.7")]));
        waves += 1;
    }
    tally.stop.store(true, Ordering::Relaxed);
    while let Some(ended) = customers.join_next().await {
        ended.unwrap();
    }
    let (changes, writes) = (waves * AT_ONCE, reloads(&portal).await - began);
    let (sign_ins, failures) =
        (tally.sign_ins.load(Ordering::Relaxed), tally.failures.lock().unwrap().clone());
    println!(
        "load: {changes} changes in {waves} waves, a database made in each: {writes} writes; {sign_ins} \
         sign-ins of other tenants, {} failures",
        failures.len()
    );
    assert_eq!(failures, [""; 0]);
    assert!(sign_ins >= SIGN_INS);
    assert!(writes >= waves && writes <= changes / 10, "{writes} writes for {changes} changes");

    let table = hba::render(&load(&other.worker, other.id).await.unwrap());
    assert_eq!(other.server.read_rules().await.unwrap(), Some(table), "the file is the table");
    assert_eq!(orphans::compare(&portal).await, [""; 0]);
}
