use crate::{
    context::servers::Servers, db::run_events::Changes, fleet::hba_writer::RuleWriter,
    workflows::engine::StepError,
};
use innkeeper_domain::{
    ids::{Ids, ServerId},
    ports::{Backups, Random, Sealer, TenantServer, TenantSession, Verifier},
};
use sqlx::PgPool;
use std::sync::Arc;

/// What the steps work with.
pub struct Tools {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Draws passwords.
    pub random: Arc<dyn Random>,
    /// Seals them.
    pub sealer: Arc<dyn Sealer>,
    /// Computes what the server keeps of them.
    pub verifier: Arc<dyn Verifier>,
    /// The servers.
    pub servers: Servers,
    /// Where backups are kept.
    pub backups: Arc<dyn Backups>,
    /// The one writer of their rules.
    pub rules: Arc<RuleWriter>,
    /// Tells when runs change.
    pub changes: Changes,
    /// The portal's own address, for links in mails.
    pub public_url: String,
}

impl Tools {
    /// A server that this process can reach.
    pub fn server(&self, id: ServerId) -> Result<Arc<dyn TenantServer>, StepError> {
        self.servers
            .get(id)
            .ok_or_else(|| StepError::Retry(format!("server {id} cannot be reached from this portal")))
    }
}

/// The session with the tenant's server, kept over the steps of one hold of the lease.
#[derive(Default)]
pub struct Hold(Option<Box<dyn TenantSession>>);

impl Hold {
    /// Takes the session out.
    pub fn take(&mut self) -> Option<Box<dyn TenantSession>> {
        self.0.take()
    }

    /// Keeps a session that did what it was asked for the next step.
    pub fn keep(&mut self, session: Box<dyn TenantSession>) {
        self.0 = Some(session);
    }
}
