use super::IdentityProvider;
use crate::{
    identity::{ProviderKind, Refusal},
    secret::Secret,
};
use async_trait::async_trait;
use std::sync::Arc;

/// An issuer that an organisation named itself, with the portal's name there.
#[derive(Debug, Clone)]
pub struct OwnIssuer {
    /// What speaks there; never GitHub.
    pub kind: ProviderKind,
    /// Its address, to the letter.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there; none for a public client.
    pub client_secret: Option<Secret>,
    /// Whom its tokens may be for besides the portal.
    pub trusted_audiences: Vec<String>,
    /// The claim that holds the groups.
    pub groups_claim: String,
}

/// Opens issuers that customers named. They are asked only where customers' issuers may be: on the public internet, over
/// https (OWASP ASVS 5.0.0, 1.3.6).
pub trait Issuers: Send + Sync {
    /// Opens one; nothing is asked yet. Refused where its address alone shows that it may not be asked.
    fn open(&self, own: OwnIssuer) -> Result<Arc<dyn IdentityProvider>, Refusal>;
}

/// DNS does not answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("DNS does not answer: {0}")]
pub struct DnsError(pub String);

/// Looks up what stands in DNS.
#[async_trait]
pub trait Dns: Send + Sync {
    /// The texts of a name's TXT records, each joined from its parts (RFC 1035, section 3.3.14); none where there is no
    /// such name.
    async fn texts(&self, name: &str) -> Result<Vec<String>, DnsError>;
}
