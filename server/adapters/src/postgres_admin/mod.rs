//! A PostgreSQL server that tenants live on, administered by SQL alone.
//!
//! Every session is dedicated to one piece of work and closed after it. All definitions are built from parsed
//! names (`layout`) and quoted in one place ([`quote`]).

mod connection;
mod cut_off;
mod database;
mod dump;
mod failure;
mod first_connection;
mod inside;
mod inventory;
mod layout;
mod limits;
mod log;
mod prepare;
pub mod quote;
mod roles;
mod rules;
mod session;
mod sign_in;
mod standing;
mod stray;
mod usage;
mod verifier;
mod watchdog;

pub use verifier::ScramVerifier;

use async_trait::async_trait;
use innkeeper_domain::{
    connection::Endpoint,
    name::TenantName,
    ports::{
        FirstConnection, Inventory, RulesSession, ServerError, ServerFacts, SignIn, SignInAnswer, Stray,
        TenantServer, TenantSession, Usage,
    },
    standing::Standing,
};
use sqlx::postgres::PgConnectOptions;
use std::{collections::HashMap, convert::Infallible, fmt, net::IpAddr, path::PathBuf, pin::Pin};
use tokio::io::AsyncWrite;

/// How the portal's own trials to sign in reach a server.
#[derive(Debug, Clone)]
pub struct ProbeAccess {
    /// Name or address to connect to; the server's certificate must name it.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// The portal's address as the server sees it.
    pub source: IpAddr,
}

/// All that is needed to administer a server.
pub struct ServerAccess {
    /// A superuser in the maintenance database, over a Unix socket or TCP.
    pub admin: PgConnectOptions,
    /// Where customers reach it.
    pub endpoint: Endpoint,
    /// The certificates (PEM) that its customers trust, and the probe besides the public ones.
    pub ca_certificate: String,
    /// How to try what customers will do.
    pub probe: ProbeAccess,
    /// The control database's name, where it is on this server.
    pub control_database: Option<String>,
    /// Whether its operator has databases and roles of his own on it. Then only what is named as a tenant's things are
    /// can be an orphan.
    pub shared: bool,
    /// The folder in which `pg_dump` is looked for before the usual ones.
    pub programs: Option<PathBuf>,
    /// The folder of its data, where that is on this machine.
    pub data: Option<PathBuf>,
}

/// A server that tenants live on.
pub struct PostgresServer {
    access: ServerAccess,
}

impl PostgresServer {
    /// Takes the access; nothing is connected yet.
    pub fn new(access: ServerAccess) -> Self {
        let admin = connection::quiet(access.admin);
        Self { access: ServerAccess { admin, ..access } }
    }
}

// The options hold the administrator's password.
impl fmt::Debug for PostgresServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresServer").field("endpoint", &self.access.endpoint).finish_non_exhaustive()
    }
}

#[async_trait]
impl TenantServer for PostgresServer {
    fn endpoint(&self) -> Endpoint {
        self.access.endpoint.clone()
    }

    fn ca_certificate(&self) -> String {
        self.access.ca_certificate.clone()
    }

    async fn prepare(&self) -> Result<(), ServerError> {
        Ok(prepare::prepare(&self.access.admin).await?)
    }

    async fn facts(&self) -> Result<ServerFacts, ServerError> {
        Ok(usage::facts(&self.access).await?)
    }

    async fn used_bytes(&self) -> Result<i64, ServerError> {
        Ok(usage::used_bytes(&self.access.admin).await?)
    }

    async fn lock(&self, tenant: &TenantName) -> Result<Box<dyn TenantSession>, ServerError> {
        Ok(Box::new(session::Session::lock(self.access.admin.clone(), tenant).await?))
    }

    async fn read_rules(&self) -> Result<Option<String>, ServerError> {
        Ok(rules::read(&self.access.admin).await?)
    }

    async fn lock_rules(&self) -> Result<Box<dyn RulesSession>, ServerError> {
        Ok(Box::new(rules::Writer::lock(&self.access.admin).await?))
    }

    fn probe_address(&self) -> IpAddr {
        self.access.probe.source
    }

    async fn sign_in(&self, attempt: &SignIn) -> Result<SignInAnswer, ServerError> {
        Ok(sign_in::sign_in(&self.access.probe, &self.access.ca_certificate, attempt).await?)
    }

    async fn usage(&self, tenant: &TenantName) -> Result<Option<Usage>, ServerError> {
        Ok(usage::usage(&self.access.admin, tenant).await?)
    }

    async fn sessions(&self, tenants: &[TenantName]) -> Result<HashMap<TenantName, i64>, ServerError> {
        Ok(usage::sessions(&self.access.admin, tenants).await?)
    }

    async fn first_connection(&self, tenant: &TenantName) -> Result<Option<FirstConnection>, ServerError> {
        Ok(first_connection::first(&self.access.admin, tenant).await?)
    }

    async fn standings(&self) -> Result<HashMap<TenantName, Standing>, ServerError> {
        Ok(standing::standings(&self.access.admin).await?)
    }

    async fn inventory(&self) -> Result<Inventory, ServerError> {
        let ServerAccess { admin, control_database, shared, .. } = &self.access;
        let found = inventory::inventory(admin, control_database.as_deref()).await?;
        Ok(if *shared { inventory::ours(found) } else { found })
    }

    async fn remove_stray(&self, stray: &Stray) -> Result<(), ServerError> {
        Ok(stray::remove(&self.access.admin, stray).await?)
    }

    async fn dump(
        &self,
        tenant: &TenantName,
        into: Pin<Box<dyn AsyncWrite + Send>>,
    ) -> Result<u64, ServerError> {
        Ok(dump::dump(&self.access, tenant, into).await?)
    }

    async fn watch_locks(&self) -> Result<Infallible, ServerError> {
        Ok(watchdog::watch(&self.access.admin).await?)
    }
}
