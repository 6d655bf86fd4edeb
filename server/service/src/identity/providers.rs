use innkeeper_domain::{
    identity::{ProviderId, ProviderKind},
    ports::IdentityProvider,
};
use std::{fmt, sync::Arc};

/// A provider as the operator has set it up.
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
    pub staff_groups: Vec<String>,
    /// The provider itself.
    pub port: Arc<dyn IdentityProvider>,
}

// The port holds the client's secret.
impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The operator's providers, in the order of the configuration.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<[Provider]>);

impl Providers {
    /// These.
    pub fn new(providers: Vec<Provider>) -> Self {
        Self(providers.into())
    }

    /// All of them.
    pub fn all(&self) -> &[Provider] {
        &self.0
    }

    /// The one of this short name.
    pub fn get(&self, id: &str) -> Option<&Provider> {
        self.0.iter().find(|provider| provider.id.as_str() == id)
    }
}
