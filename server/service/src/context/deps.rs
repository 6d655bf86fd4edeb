//! The parts that use cases are given.

use crate::{
    context::{every::LastRuns, providers::Providers, servers::Servers},
    db::run_events::Changes,
};
use innkeeper_domain::{
    email::EmailAddress,
    ids::Ids,
    ports::{Dns, Issuers, Passkeys, Random, Sealer, Verifier},
};
use sqlx::PgPool;
use std::{ops::Deref, sync::Arc};

/// What an operator decides and the use cases need.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The portal's own address, without a slash at its end. Links in mails begin with it, whatever a request says.
    pub public_url: String,
    /// Whom customers write to; shown on pages and in guides.
    pub support: Option<EmailAddress>,
    /// The rate limits.
    pub limits: crate::context::rate_limit::Limits,
    /// Whether mails stay in the local mailbox.
    pub local_mailbox: bool,
}

impl Settings {
    /// Whether the portal is tried on one machine: its mails stay there, and its address is http, which the configuration
    /// takes for loopback names only.
    pub fn on_one_machine(&self) -> bool {
        self.local_mailbox && self.public_url.starts_with("http://")
    }
}

/// The control database, with what every change of it takes.
#[derive(Clone)]
pub struct Store {
    /// The connections: as the web role for pages and the API, as the worker role for the command line.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Draws secrets.
    pub random: Arc<dyn Random>,
}

/// Everything the use cases of the pages and the API stand on. Connects as the web role.
#[derive(Clone)]
pub struct Service {
    /// The control database.
    pub store: Store,
    /// Seals secrets.
    pub sealer: Arc<dyn Sealer>,
    /// Computes password verifiers.
    pub verifier: Arc<dyn Verifier>,
    /// The servers tenants live on.
    pub servers: Servers,
    /// Who vouches for people.
    pub providers: Providers,
    /// Opens the issuers that organisations name.
    pub issuers: Arc<dyn Issuers>,
    /// Where organisations show which domains are theirs.
    pub dns: Arc<dyn Dns>,
    /// Passkeys, where the public address has a name.
    pub passkeys: Option<Arc<dyn Passkeys>>,
    /// Tells when runs change.
    pub changes: Changes,
    /// When the periodic work of this process was last done.
    pub last_runs: LastRuns,
    /// The operator's settings.
    pub settings: Arc<Settings>,
}

/// A use case that needs the control database alone takes a [`Store`], so that the command line can call it.
impl Deref for Service {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}
