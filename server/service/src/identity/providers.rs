use crate::{Error, Result, Service, store};
use innkeeper_domain::{
    identity::{Facts, ProviderId, ProviderKind, Reason, Refusal, Subject},
    ids::OrganisationId,
    ports::{IdentityProvider, OwnIssuer, Sealed},
    secret::Secret,
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
    pub(super) fn own(&self, subject: &Subject) -> Result<Subject> {
        if self.organisation.is_none() {
            return Ok(subject.clone());
        }
        let issuer = format!("{} {}", self.id, subject.issuer());
        Ok(Subject::new(issuer, subject.subject()).map_err(|error| Refusal::new(Reason::Subject, error))?)
    }

    /// The same for all that was said.
    pub(super) fn facts(&self, facts: Facts) -> Result<Facts> {
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

    fn kept(&self, id: &str, version: i32) -> Option<Arc<Provider>> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.get(id).filter(|(of, _)| *of == version).map(|(_, provider)| provider.clone())
    }

    fn keep(&self, version: i32, provider: Arc<Provider>) -> Arc<Provider> {
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

/// The provider of this short name: the operator's, or an organisation's own. [`Error::NotFound`] where there is none.
pub async fn named(service: &Service, id: &str) -> Result<Arc<Provider>> {
    if let Some(provider) = service.providers.get(id) {
        return Ok(provider.clone());
    }
    let id = ProviderId::parse(id).ok().filter(ProviderId::is_own).ok_or(Error::NotFound)?;
    let mut tx = service.pool.begin().await?;
    let organisation = sqlx::query_scalar!("select organisation_of_way($1)", id.as_str());
    let organisation = organisation.fetch_one(&mut *tx).await?.ok_or(Error::NotFound)?.into();
    store::as_member(&mut tx, organisation).await?;
    let row = sqlx::query!(
        r#"select version, kind as "kind!", label as "label!", issuer as "issuer!", client_id as "client_id!",
             groups_claim as "groups_claim!", key_id, sealed
           from organisation_identity where organisation_id = $1 and kind is not null"#,
        organisation.0
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    tx.commit().await?;
    if let Some(kept) = service.providers.kept(id.as_str(), row.version) {
        return Ok(kept);
    }
    let kind = ProviderKind::parse(&row.kind).ok_or_else(|| Error::corrupt("kind of provider", &row.kind))?;
    let secret = match row.key_id.zip(row.sealed) {
        Some((key_id, bytes)) => {
            let plain = service.sealer.open(&Sealed { key_id, bytes }, &secret_context(organisation))?;
            let text = std::str::from_utf8(&plain).map_err(|error| Error::corrupt("client secret", error))?;
            Some(Secret::new(text))
        }
        None => None,
    };
    let host = row.issuer.split('/').nth(2).unwrap_or(&row.issuer).to_owned();
    let own = OwnIssuer {
        kind,
        issuer: row.issuer,
        client_id: row.client_id,
        client_secret: secret,
        groups_claim: row.groups_claim,
    };
    let provider = Provider {
        id,
        kind,
        label: row.label,
        // Its organisation answers for it, within its own domains.
        unverified: true,
        staff_groups: StaffGroups::default(),
        organisation: Some(organisation),
        host: Some(host),
        port: service.issuers.open(own)?,
    };
    Ok(service.providers.keep(row.version, Arc::new(provider)))
}

/// What an organisation's client secret is sealed for.
pub(crate) fn secret_context(organisation: OrganisationId) -> String {
    format!("innkeeper client secret {organisation}")
}
