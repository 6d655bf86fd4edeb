//! Organisations, tenants and a server that answers as told, for the tests of the tenants' use cases.

mod shelf;

pub use shelf::Shelf;

use crate::{
    seal::{self, Purpose},
    testing::TestPortal,
    visitor::Visitor,
};
use async_trait::async_trait;
use innkeeper_domain::{
    connection::Endpoint,
    ids::{OrganisationId, RunId, ServerId, TenantId},
    name::TenantName,
    ports::{
        FirstConnection, Inventory, RulesSession, ServerError, ServerFacts, SignIn, SignInAnswer, Stray,
        TenantServer, TenantSession, Usage,
    },
    secret::Secret,
    standing::Standing,
    tenant::TenantRole,
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};
use uuid::Uuid;

/// A portal with one server and one organisation whose admin is Jane.
pub struct House {
    pub portal: TestPortal,
    pub server_id: ServerId,
    pub server: Arc<ToldServer>,
    pub acme: OrganisationId,
    pub jane: Visitor,
}

pub const CA: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
pub const SHOP: &str = "shop_k3v9x2";

impl House {
    pub async fn open(pool: &PgPool) -> Self {
        let portal = TestPortal::open(pool).await;
        // Connections that are there already, so that presses at once are at once.
        drop(futures::future::join_all((0..8).map(|_| portal.service.pool.acquire())).await);
        let server_id = portal.server("north", 1000).await;
        let server = Arc::new(ToldServer::default());
        portal.service.servers.put(server_id, server.clone());
        let acme = organisation(&portal, "Acme Robotics").await;
        let jane = portal.person("jane@acme.example").await;
        member(&portal, acme, &jane, "admin").await;
        Self { portal, server_id, server, acme, jane }
    }

    /// A tenant of Acme that Jane asked for.
    pub async fn tenant(&self, name: &str, state: &str) -> TenantId {
        tenant(&self.portal, self.acme, &self.jane, self.server_id, name, state).await
    }

    /// An active tenant of Acme whose handoff is sealed for Jane.
    pub async fn shop(&self) -> TenantId {
        let shop = self.tenant(SHOP, "active").await;
        self.seal(shop).await;
        shop
    }

    /// Another handoff of the tenant, sealed for Jane.
    pub async fn seal(&self, tenant: TenantId) -> Uuid {
        let (id, mut conn) =
            (self.portal.service.ids.make::<Uuid>(), self.portal.owner.acquire().await.unwrap());
        for role in TenantRole::ALL {
            let password = Secret::new(password(*role));
            let sealer = &*self.portal.service.sealer;
            seal::put(&mut conn, sealer, self.acme, tenant, Purpose::Password(*role), &password)
                .await
                .unwrap();
        }
        sqlx::query(
            "insert into handoff (id, organisation_id, tenant_id, state, addressed_to, sealed_until)
             values ($1, $2, $3, 'sealed', $4, now() + interval '72 hours')",
        )
        .bind(id)
        .bind(self.acme.0)
        .bind(tenant.0)
        .bind(self.jane.signed_in().unwrap().id.0)
        .execute(&mut *conn)
        .await
        .unwrap();
        id
    }

    /// Jane in one more browser, signed in just now.
    pub async fn jane_elsewhere(&self) -> Visitor {
        self.portal.person("jane@acme.example").await
    }

    /// Somebody else of Acme.
    pub async fn colleague(&self, email: &str, role: &str) -> Visitor {
        let person = self.portal.person(email).await;
        member(&self.portal, self.acme, &person, role).await;
        person
    }

    /// How often something was recorded in the audit log.
    pub async fn recorded(&self, action: &str) -> i64 {
        sqlx::query_scalar("select count(*) from audit_event where action = $1")
            .bind(action)
            .fetch_one(&self.portal.owner)
            .await
            .unwrap()
    }

    pub async fn copies(&self) -> i64 {
        self.portal.count("select count(*) from sealed_secret").await
    }
}

/// The password that a role has in these tests.
pub fn password(role: TenantRole) -> String {
    format!("{}PassW0rdOfTwentyFour", role.as_str())
}

pub async fn organisation(portal: &TestPortal, name: &str) -> OrganisationId {
    let id: OrganisationId = portal.service.ids.make();
    sqlx::query("insert into organisation (id, name) values ($1, $2)")
        .bind(id.0)
        .bind(name)
        .execute(&portal.owner)
        .await
        .unwrap();
    id
}

pub async fn member(portal: &TestPortal, organisation: OrganisationId, person: &Visitor, role: &str) {
    sqlx::query("insert into member (organisation_id, account_id, role) values ($1, $2, $3)")
        .bind(organisation.0)
        .bind(person.signed_in().unwrap().id.0)
        .bind(role)
        .execute(&portal.owner)
        .await
        .unwrap();
}

pub async fn tenant(
    portal: &TestPortal,
    organisation: OrganisationId,
    person: &Visitor,
    server: ServerId,
    name: &str,
    state: &str,
) -> TenantId {
    let id: TenantId = portal.service.ids.make();
    let wish = TenantName::parse(name).unwrap().as_str().rsplit_once('_').unwrap().0.to_owned();
    sqlx::query(
        "insert into tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, server_id,
           requested_by, extensions, anywhere, ready_at)
         values ($1, $2, $3, $4, $5, 'starter', 1, 'north', $6, $7, '{pgcrypto,citext}', false, now())",
    )
    .bind(id.0)
    .bind(organisation.0)
    .bind(name)
    .bind(wish)
    .bind(state)
    .bind(server.0)
    .bind(person.signed_in().unwrap().id.0)
    .execute(&portal.owner)
    .await
    .unwrap();
    sqlx::query(
        "insert into allowlist_entry (tenant_id, organisation_id, range, created_by)
         values ($1, $2, '203.0.113.7/32', $3), ($1, $2, '198.51.100.0/24', $3)",
    )
    .bind(id.0)
    .bind(organisation.0)
    .bind(person.signed_in().unwrap().id.0)
    .execute(&portal.owner)
    .await
    .unwrap();
    id
}

/// A run with three steps: done, running, waiting.
pub async fn run(
    portal: &TestPortal,
    organisation: OrganisationId,
    tenant: TenantId,
    kind: &str,
    state: &str,
) -> RunId {
    let id: RunId = portal.service.ids.make();
    sqlx::query(
        "insert into run (id, organisation_id, tenant_id, kind, support_number, state, deadline_at)
         values ($1, $2, $3, $4, $5, $6, now() + interval '15 minutes')",
    )
    .bind(id.0)
    .bind(organisation.0)
    .bind(tenant.0)
    .bind(kind)
    .bind(format!("OB-{}", id.0.simple()))
    .bind(state)
    .execute(&portal.owner)
    .await
    .unwrap();
    sqlx::query(
        "insert into step (run_id, organisation_id, position, name, state, attempts, started_at, finished_at, output)
         values ($1, $2, 0, 'check_capacity', 'done', 1, now() - interval '10 seconds', now() - interval '8 seconds', 'room'),
                ($1, $2, 1, 'create_roles', 'running', 2, now() - interval '8 seconds', null, null),
                ($1, $2, 2, 'create_database', 'waiting', 0, null, null, null)",
    )
    .bind(id.0)
    .bind(organisation.0)
    .execute(&portal.owner)
    .await
    .unwrap();
    id
}

/// A server that says what it is told to say, and nothing to anything else.
#[derive(Default)]
pub struct ToldServer {
    pub facts: Mutex<Option<ServerFacts>>,
    pub usage: Mutex<Option<Usage>>,
    pub first: Mutex<Option<FirstConnection>>,
    /// How many sessions it counts in each database, if it counts.
    pub sessions: Mutex<Option<i64>>,
    /// How the shop stands.
    pub standing: Mutex<Option<Standing>>,
    /// How often it was asked for a first connection.
    pub asked: Mutex<usize>,
    /// Never answers again.
    pub hangs: Mutex<bool>,
    /// What comes of its access rules.
    pub rules: Arc<Mutex<ToldRules>>,
}

/// How often they were written, and whether that fails.
#[derive(Default)]
pub struct ToldRules {
    pub writes: usize,
    pub fails: bool,
}

/// The session that writes them.
struct RulesWriter(Arc<Mutex<ToldRules>>);

#[async_trait]
impl RulesSession for RulesWriter {
    async fn write(self: Box<Self>, _: &str) -> Result<(), ServerError> {
        let mut rules = self.0.lock().unwrap();
        rules.writes += 1;
        if rules.fails {
            return Err(ServerError::Unavailable { doing: "writing", cause: "no answer".into() });
        }
        Ok(())
    }
}

impl ToldServer {
    async fn answer<T>(&self, told: &Mutex<Option<T>>) -> Result<Option<T>, ServerError>
    where
        T: Clone,
    {
        if *self.hangs.lock().unwrap() {
            std::future::pending::<()>().await;
        }
        Ok(told.lock().unwrap().clone())
    }
}

fn not_told<T>() -> Result<T, ServerError> {
    Err(ServerError::Refused { doing: "answering", cause: "this server was not told to".into() })
}

#[async_trait]
impl TenantServer for ToldServer {
    fn endpoint(&self) -> Endpoint {
        Endpoint { host: "localhost".into(), port: 5433 }
    }
    fn ca_certificate(&self) -> String {
        CA.into()
    }
    async fn prepare(&self) -> Result<(), ServerError> {
        not_told()
    }
    async fn facts(&self) -> Result<ServerFacts, ServerError> {
        let silent = || ServerError::Unavailable { doing: "answering", cause: "it is silent".into() };
        self.answer(&self.facts).await?.ok_or_else(silent)
    }
    async fn used_bytes(&self) -> Result<i64, ServerError> {
        not_told()
    }
    async fn lock(&self, _: &TenantName) -> Result<Box<dyn TenantSession>, ServerError> {
        not_told()
    }
    async fn read_rules(&self) -> Result<Option<String>, ServerError> {
        not_told()
    }
    async fn lock_rules(&self) -> Result<Box<dyn RulesSession>, ServerError> {
        Ok(Box::new(RulesWriter(self.rules.clone())))
    }
    fn probe_address(&self) -> IpAddr {
        IpAddr::from([127, 0, 0, 1])
    }
    async fn sign_in(&self, _: &SignIn) -> Result<SignInAnswer, ServerError> {
        not_told()
    }
    async fn usage(&self, _: &TenantName) -> Result<Option<Usage>, ServerError> {
        self.answer(&self.usage).await
    }
    async fn sessions(&self, tenants: &[TenantName]) -> Result<HashMap<TenantName, i64>, ServerError> {
        let told = *self.sessions.lock().unwrap();
        Ok(tenants.iter().filter_map(|tenant| Some((tenant.clone(), told?))).collect())
    }
    async fn first_connection(&self, _: &TenantName) -> Result<Option<FirstConnection>, ServerError> {
        *self.asked.lock().unwrap() += 1;
        self.answer(&self.first).await
    }
    async fn standings(&self) -> Result<HashMap<TenantName, Standing>, ServerError> {
        let told = self.standing.lock().unwrap().clone();
        Ok(told.map(|standing| (TenantName::parse(SHOP).unwrap(), standing)).into_iter().collect())
    }
    async fn inventory(&self) -> Result<Inventory, ServerError> {
        not_told()
    }
    async fn remove_stray(&self, _: &Stray) -> Result<(), ServerError> {
        not_told()
    }
    async fn dump(
        &self,
        _: &TenantName,
        _: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>,
    ) -> Result<u64, ServerError> {
        not_told()
    }
    async fn watch_locks(&self) -> Result<std::convert::Infallible, ServerError> {
        not_told()
    }
}
