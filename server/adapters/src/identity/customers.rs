//! Issuers that customers name.

use super::{Fetch, Oidc, OidcSettings, Rule, graph};
use innkeeper_domain::{
    identity::{ProviderKind, Reason, Refusal},
    ports::{Clock, IdentityProvider, Issuers, OwnIssuer},
};
use std::{collections::BTreeSet, sync::Arc};

/// Opens them under the rule for customers' addresses.
pub struct CustomerIssuers {
    rule: Rule,
    ca: Option<String>,
    graph: String,
    clock: Arc<dyn Clock>,
}

impl CustomerIssuers {
    /// `inner` are names of inner hosts that may be asked all the same, `ca` certificates (PEM) to trust besides the
    /// public ones, `graph` the address of Microsoft Graph.
    pub fn new(inner: BTreeSet<String>, ca: Option<String>, graph: String, clock: Arc<dyn Clock>) -> Self {
        Self { rule: Rule::Customer { inner: Arc::new(inner) }, ca, graph, clock }
    }
}

impl Issuers for CustomerIssuers {
    fn open(&self, own: OwnIssuer) -> Result<Arc<dyn IdentityProvider>, Refusal> {
        let fetch = Fetch::new(self.rule.clone(), self.ca.as_deref());
        let fetch = fetch.map_err(|error| Refusal::new(Reason::Unreachable, error))?;
        let OwnIssuer { kind, issuer, client_id, client_secret, trusted_audiences, groups_claim } = own;
        let scopes = ["profile", "email"].into_iter();
        let more = graph::SCOPES.into_iter().filter(|_| kind == ProviderKind::Entra);
        let settings = OidcSettings {
            kind,
            issuer,
            client_id,
            client_secret,
            trusted_audiences,
            scopes: scopes.chain(more).map(str::to_owned).collect(),
            groups: groups_claim,
            graph: self.graph.clone(),
        };
        Ok(Arc::new(Oidc::new(settings, fetch, self.clock.clone())?))
    }
}
