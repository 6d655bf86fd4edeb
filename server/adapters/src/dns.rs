//! Looking things up in DNS: what a customer publishes to show that a domain is theirs.

use async_trait::async_trait;
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};
use innkeeper_domain::ports::{Dns, DnsError};
use std::{net::SocketAddr, time::Duration};

/// How long one server has for an answer; with its two tries a look-up is over in 6 s.
const ANSWER: Duration = Duration::from_secs(3);

/// Asks the machine's own name servers, or one that the operator names.
pub struct Resolver(Result<TokioResolver, DnsError>);

impl Resolver {
    /// The machine's own (`/etc/resolv.conf`) without `server`. A machine that has none is told so by every answer: nothing
    /// but customers' domains needs one.
    pub fn new(server: Option<SocketAddr>) -> Self {
        Self(Self::build(server))
    }

    fn build(server: Option<SocketAddr>) -> Result<TokioResolver, DnsError> {
        let wrong = |error: &dyn std::fmt::Display| DnsError(error.to_string());
        let mut builder = match server {
            Some(server) => {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut one| {
                    one.port = server.port();
                    one
                });
                let server = NameServerConfig::new(server.ip(), true, connections.into());
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio().map_err(|error| wrong(&error))?,
        };
        let options = builder.options_mut();
        options.timeout = ANSWER;
        options.attempts = 1;
        // Who has just published something looks again at once.
        options.cache_size = 0;
        builder.build().map_err(|error| wrong(&error))
    }
}

#[async_trait]
impl Dns for Resolver {
    async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError> {
        // The dot at its end: never a name below the machine's own domain.
        let resolver = self.0.as_ref().map_err(Clone::clone)?;
        let found = match resolver.txt_lookup(format!("{name}.")).await {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(DnsError(error.to_string())),
        };
        let text = |data: &RData| match data {
            RData::TXT(text) => Some(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect())
    }
}
