//! The providers that vouch for people, as this process reaches them.

use crate::Result;
use innkeeper_domain::{
    identity::{Facts, ProviderId, ProviderKind, Reason, Refusal, Subject},
    ids::OrganisationId,
    ports::IdentityProvider,
    staff::StaffGroups,
};
use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

/// Most issuers of organisations that are kept open, with what they said of themselves.
const KEPT: usize = 500;

/// A provider as it is set up.
pub struct Provider {
    /// Its short name.
    pub id: ProviderId,
    /// What speaks there.
    pub kind: ProviderKind,
    /// What people call it.
    pub label: String,
    /// Whether an address may be written to that it has not verified.
    pub unverified: bool,
    /// Who belongs to one of these groups there is staff here.
    pub staff_groups: StaffGroups,
    /// The organisation that named it; none for the operator's.
    pub organisation: Option<OrganisationId>,
    /// Where the issuer of an organisation is.
    pub host: Option<String>,
    /// The provider itself.
    pub port: Arc<dyn IdentityProvider>,
}

// The port holds the client's secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Provider {
    /// A person of this provider. Whom an organisation's issuer vouches for is nobody anywhere else: who calls itself what
    /// another provider is called speaks for none of that one's people.
    pub(crate) fn own(&self, subject: &Subject) -> Result<Subject> {
        if self.organisation.is_none() {
            return Ok(subject.clone());
        }
        let issuer = format!("{} {}", self.id, subject.issuer());
        Ok(Subject::new(issuer, subject.subject()).map_err(|error| Refusal::new(Reason::Subject, error))?)
    }

    /// The same for all that was said.
    pub(crate) fn facts(&self, facts: Facts) -> Result<Facts> {
        Ok(Facts { subject: self.own(&facts.subject)?, ..facts })
    }
}

/// The operator's providers, in the order of the configuration, and those of organisations as far as they are open.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    operators: Arc<[Arc<Provider>]>,
    own: Arc<Mutex<Own>>,
}

/// Providers of organisations by short name, with the version of the settings.
type Own = HashMap<String, (i32, Arc<Provider>)>;

impl Providers {
    /// These.
    pub fn new(providers: Vec<Provider>) -> Self {
        Self { operators: providers.into_iter().map(Arc::new).collect(), own: Arc::default() }
    }

    /// All of the operator's.
    pub fn all(&self) -> &[Arc<Provider>] {
        &self.operators
    }

    /// The operator's of this short name.
    pub fn get(&self, id: &str) -> Option<&Arc<Provider>> {
        self.operators.iter().find(|provider| provider.id.as_str() == id)
    }

    pub(crate) fn kept(&self, id: &str, version: i32) -> Option<Arc<Provider>> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.get(id).filter(|(of, _)| *of == version).map(|(_, provider)| provider.clone())
    }

    pub(crate) fn keep(&self, version: i32, provider: Arc<Provider>) -> Arc<Provider> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if own.len() >= KEPT {
            own.clear();
        }
        own.insert(provider.id.to_string(), (version, provider.clone()));
        provider
    }

    /// Whether people can come in by this way: the mail, a passkey, or a provider that is configured.
    pub fn offer(&self, way: &str) -> bool {
        [ProviderId::MAIL, ProviderId::PASSKEY].contains(&way) || self.get(way).is_some()
    }
}
