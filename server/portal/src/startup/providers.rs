//! The providers of identity, as the configuration has them.

use crate::config::{Config, CustomersConfig, ProviderConfig};
use innkeeper_adapters::{
    dns::Resolver,
    identity::{CustomerIssuers, Fetch, GitHub, GitHubSettings, Oidc, OidcSettings, Rule, WebAuthn},
    system::SystemClock,
};
use innkeeper_domain::{
    identity::ProviderKind,
    ports::{Clock, Dns, IdentityProvider, Issuers, Passkeys},
};
use innkeeper_service::context::providers::{Provider, Providers};
use std::sync::Arc;
use url::Url;

/// A provider that cannot be worked with, and why.
#[derive(Debug, thiserror::Error)]
#[error("identity.provider {0}: {1}")]
pub struct ProviderError(String, String);

/// Makes them all; none is asked anything yet, so that one that is away holds up nobody.
pub(super) fn providers(config: &Config, clock: &Arc<dyn Clock>) -> Result<Providers, ProviderError> {
    let made = config.providers.iter().map(|one| {
        let port = port(one, config, clock).map_err(|error| ProviderError(one.id.to_string(), error))?;
        Ok(Provider {
            id: one.id.clone(),
            kind: one.kind,
            label: one.label.clone(),
            unverified: one.unverified_address,
            staff_groups: one.staff_groups.clone(),
            organisation: None,
            host: None,
            port,
        })
    });
    Ok(Providers::new(made.collect::<Result<_, _>>()?))
}

/// Passkeys, if the public address has a name to which they can belong.
pub(super) fn passkeys(public_url: &str) -> Option<Arc<dyn Passkeys>> {
    let passkeys = Url::parse(public_url).ok().and_then(|url| WebAuthn::at(&url));
    if passkeys.is_none() {
        tracing::info!(public_url, "passkeys are not offered: the public address has no name");
    }
    Some(Arc::new(passkeys?))
}

/// Whether they can be made, without asking any; all that is wrong, one line each.
pub fn check_providers(config: &Config) -> Result<(), Vec<ProviderError>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let wrong =
        |one: &ProviderConfig| Some(ProviderError(one.id.to_string(), port(one, config, &clock).err()?));
    let wrong: Vec<_> = config.providers.iter().filter_map(wrong).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn port(
    one: &ProviderConfig,
    config: &Config,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn IdentityProvider>, String> {
    let fetch = Fetch::new(Rule::Operator, one.ca.as_deref())?;
    let ProviderConfig { kind, issuer, client_id, client_secret, trusted_audiences, scopes, .. } =
        one.clone();
    if kind == ProviderKind::GitHub {
        let client_secret = client_secret.ok_or("client_secret is missing: GitHub gives none without")?;
        let settings = GitHubSettings { issuer, api: one.api.clone(), client_id, client_secret, scopes };
        return Ok(Arc::new(GitHub::new(settings, fetch).map_err(|error| error.to_string())?));
    }
    let groups = one.groups_claim.clone();
    let graph = config.customers.graph.clone();
    let settings =
        OidcSettings { kind, issuer, client_id, client_secret, trusted_audiences, scopes, groups, graph };
    Ok(Arc::new(Oidc::new(settings, fetch, clock.clone()).map_err(|error| error.to_string())?))
}

/// Opens the issuers that customers name.
pub(super) fn issuers(config: &Config, clock: &Arc<dyn Clock>) -> Arc<dyn Issuers> {
    let CustomersConfig { inner_hosts, ca, graph, .. } = config.customers.clone();
    Arc::new(CustomerIssuers::new(inner_hosts, ca, graph, clock.clone()))
}

/// Looks up what customers publish of their domains.
pub(super) fn dns(config: &Config) -> Arc<dyn Dns> {
    Arc::new(Resolver::new(config.customers.dns))
}
