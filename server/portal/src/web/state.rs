use super::{health_check::Health, locked_mailbox::LockedMailbox, site::Site, streams::Streams};
use innkeeper_domain::ports::Random;
use innkeeper_service::Service;
use std::sync::Arc;
use tokio::sync::watch;

/// What the handlers work with.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub service: Service,
    /// Where this portal stands.
    pub site: Arc<Site>,
    /// The local mailbox, where mails go there.
    pub mailbox: Option<LockedMailbox>,
    /// The live pages.
    pub(super) streams: Streams,
    /// Whether the control database takes what is written.
    pub(super) health: Arc<Health>,
    /// Turns true when the portal ends.
    pub(super) closing: watch::Receiver<bool>,
}

impl AppState {
    /// The state of one portal. `closing` turns true when it ends: live pages end with it.
    pub fn new(
        service: Service,
        site: Site,
        mailbox: Option<LockedMailbox>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let (streams, health) = (Streams::default(), Arc::default());
        Self { service, site: Arc::new(site), mailbox, streams, health, closing }
    }

    pub(super) fn random(&self) -> &dyn Random {
        &*self.service.random
    }
}
