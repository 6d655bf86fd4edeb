//! What a provider says of itself: its description and its keys, kept for a while.

use super::{fetch::Fetch, odd::Issuers};
use http::{Request, StatusCode, header::ACCEPT};
use innkeeper_domain::identity::{Reason, Refusal};
use openidconnect::{
    AdditionalProviderMetadata, ProviderMetadata, UserInfoUrl,
    core::{
        CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
        CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

/// How long a description is believed. Keys that are missing in it are looked for at once.
const AGE: Duration = Duration::from_hours(1);

/// The shortest time between two looks for missing keys: anybody can send a token of a key that nobody has.
const PAUSE: Duration = Duration::from_secs(10);

/// How long a provider that could not be read is taken to be away.
const AWAY: Duration = Duration::from_secs(3);

/// What the library does not read of a description.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct More {
    /// Whether answers name their issuer (RFC 9207, section 3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Where people sign out (OpenID Connect RP-Initiated Logout 1.0, section 2.1).
    pub end_session_endpoint: Option<Url>,
}

impl AdditionalProviderMetadata for More {}

/// A description with its keys.
pub(super) type Metadata = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// A description as it was read.
pub(super) struct Known {
    pub metadata: Metadata,
    read: Instant,
}

/// Reads a provider's description, and keeps it.
pub(super) struct Directory {
    pub fetch: Fetch,
    pub issuers: Issuers,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    known: Option<Arc<Known>>,
    /// When missing keys were last looked for, whatever came of it.
    looked: Option<Instant>,
    /// What came of the last reading, where that was no description.
    failed: Option<(Instant, Refusal)>,
}

impl Directory {
    pub fn new(fetch: Fetch, issuers: Issuers) -> Self {
        Self { fetch, issuers, kept: Mutex::default() }
    }

    /// The description, read anew where it is old.
    pub async fn known(&self) -> Result<Arc<Known>, Refusal> {
        let mut kept = self.kept.lock().await;
        match (&kept.known, &kept.failed) {
            (Some(known), _) if known.read.elapsed() < AGE => Ok(known.clone()),
            // Who waited behind somebody else does not wait once more for a provider that is away.
            (_, Some((at, refusal))) if at.elapsed() < AWAY => Err(refusal.clone()),
            _ => match self.read().await {
                Ok(read) => Ok(kept.known.insert(Arc::new(read)).clone()),
                Err(refusal) => {
                    kept.failed = Some((Instant::now(), refusal.clone()));
                    Err(refusal)
                }
            },
        }
    }

    /// A newer description than this one, since a token has a key that this one does not have; none where that was looked
    /// for just now.
    pub async fn newer(&self, than: &Known) -> Result<Option<Arc<Known>>, Refusal> {
        let mut kept = self.kept.lock().await;
        if let Some(known) = kept.known.as_ref().filter(|known| known.read > than.read) {
            return Ok(Some(known.clone()));
        }
        if kept.looked.is_some_and(|looked| looked.elapsed() < PAUSE) {
            return Ok(None);
        }
        kept.looked = Some(Instant::now());
        Ok(Some(kept.known.insert(Arc::new(self.read().await?)).clone()))
    }

    async fn read(&self) -> Result<Known, Refusal> {
        let read = Instant::now();
        let metadata: Metadata = self.get("description", &self.issuers.description()).await?;
        self.issuers.check_described(metadata.issuer())?;
        self.check_addresses(&metadata)?;
        let keys: CoreJsonWebKeySet = self.get("keys", metadata.jwks_uri().url()).await?;
        Ok(Known { metadata: metadata.set_jwks(keys), read })
    }

    /// What a description names is as little trusted as the address it came from.
    fn check_addresses(&self, metadata: &Metadata) -> Result<(), Refusal> {
        let token = metadata
            .token_endpoint()
            .ok_or_else(|| Refusal::new(Reason::Discovery, "the description names no token_endpoint"))?;
        let named = [
            Some(metadata.authorization_endpoint().url()),
            Some(token.url()),
            Some(metadata.jwks_uri().url()),
        ];
        let optional = [
            metadata.userinfo_endpoint().map(UserInfoUrl::url),
            metadata.additional_metadata().end_session_endpoint.as_ref(),
        ];
        for url in named.into_iter().chain(optional).flatten() {
            self.fetch.rule().check(url)?;
        }
        Ok(())
    }

    /// One JSON document.
    pub async fn get<T: DeserializeOwned>(&self, what: &str, url: &Url) -> Result<T, Refusal> {
        let request = Request::get(url.as_str()).header(ACCEPT, "application/json").body(Vec::new());
        let request = request.map_err(|error| Refusal::new(Reason::Form, error))?;
        let answer = self.fetch.fetch(request).await?;
        match answer.status() {
            StatusCode::OK => {}
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(Refusal::new(Reason::Unreachable, format!("{what}: answered {status}")));
            }
            status => return Err(Refusal::new(Reason::Discovery, format!("{what}: answered {status}"))),
        }
        serde_json::from_slice(answer.body())
            .map_err(|error| Refusal::new(Reason::Form, format!("{what}: {error}")))
    }
}
