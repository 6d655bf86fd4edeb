//! A PostgreSQL server that tenants live on, administered by SQL alone.
//!
//! Every session is dedicated to one piece of work and closed after it. All definitions are built from parsed
//! names (`layout`) and quoted in one place ([`quote`]).

mod access;
mod catalog;
mod connection;
mod cut_off;
mod database;
mod dump;
mod failure;
mod first_connection;
mod hindrance;
mod inside;
mod inventory;
mod layout;
mod limits;
mod log;
mod prepare;
pub mod quote;
mod renew;
mod reset;
mod roles;
mod rules;
mod session;
mod sign_in;
mod standing;
mod storage;
mod stray;
mod usage;
mod verifier;
mod watchdog;

pub use access::{ProbeAccess, ServerAccess};
pub use verifier::ScramVerifier;

use async_trait::async_trait;
use innkeeper_domain::{
    connection::Endpoint,
    ended_sessions::EndedSessions,
    name::TenantName,
    ports::{
        FirstConnection, Inventory, RulesSession, ServerError, ServerFacts, SignIn, SignInAnswer, StorageUse,
        Stray, TenantServer, TenantSession, Usage,
    },
    standing::Standing,
};
use std::{collections::HashMap, convert::Infallible, fmt, net::IpAddr, pin::Pin};
use tokio::io::AsyncWrite;

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

    async fn storage(&self) -> Result<HashMap<TenantName, StorageUse>, ServerError> {
        Ok(storage::storage(&self.access.admin).await?)
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

    async fn watch_locks(
        &self,
        tell: &(dyn Fn(EndedSessions) + Send + Sync),
    ) -> Result<Infallible, ServerError> {
        Ok(watchdog::watch(&self.access.admin, tell).await?)
    }
}
