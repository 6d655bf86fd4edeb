use super::events::Streams;
use innkeeper_domain::ports::{LocalMailbox, Random};
use innkeeper_service::Service;
use ipnet::IpNet;
use std::sync::Arc;
use tokio::sync::watch;
use url::{Host, Url};

/// What the handlers work with.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub service: Service,
    /// Where this portal stands.
    pub site: Arc<Site>,
    /// The local mailbox, where mails go there.
    pub mailbox: Option<Arc<dyn LocalMailbox>>,
    /// The live pages.
    pub(super) streams: Streams,
    /// Turns true when the portal ends.
    pub(super) closing: watch::Receiver<bool>,
}

impl AppState {
    /// The state of one portal. `closing` turns true when it ends: live pages end with it.
    pub fn new(
        service: Service,
        site: Site,
        mailbox: Option<Arc<dyn LocalMailbox>>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        Self { service, site: Arc::new(site), mailbox, streams: Streams::default(), closing }
    }

    pub(super) fn random(&self) -> &dyn Random {
        &*self.service.random
    }
}

/// Where a portal stands, as far as answers depend on it.
#[derive(Debug, Clone)]
pub struct Site {
    /// The portal's own address, without a slash at its end.
    pub public_url: String,
    /// The proxies whose word on the client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// The certificate by which customers check their server (PEM).
    pub ca_certificate: String,
}

impl Site {
    /// Whether browsers reach it encrypted.
    pub fn https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether it can be reached from this machine only.
    pub fn local(&self) -> bool {
        Url::parse(&self.public_url).is_ok_and(|url| match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        })
    }

    /// The session cookie's name. The prefix makes browsers hold it to https, this very host and the whole of it
    /// (RFC 6265bis, section 4.1.3.2).
    pub fn cookie(&self) -> &'static str {
        if self.https() { "__Host-innkeeper" } else { "innkeeper" }
    }
}
