//! How the portal is registered with a provider of OpenID Connect, and its client there.

use super::{
    fetch::Fetch,
    known::{Directory, Metadata},
    odd::Issuers,
    token::{Rest, TokenAnswer},
};
use innkeeper_domain::{
    identity::{ProviderKind, Reason, Refusal},
    ports::Clock,
    secret::Secret,
};
use openidconnect::{
    AuthType, Client, ClientId, ClientSecret, EndpointMaybeSet, EndpointNotSet, EndpointSet, RedirectUrl,
    StandardErrorResponse,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
        CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse,
    },
};
use serde_json::Value;
use std::sync::Arc;

/// The portal as it is registered with a provider.
pub(super) type Registered = Client<
    Rest,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    TokenAnswer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// How the portal is registered with a provider.
#[derive(Debug, Clone)]
pub struct OidcSettings {
    /// What speaks at the other end.
    pub kind: ProviderKind,
    /// Its issuer, to the letter.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there; none for a public client.
    pub client_secret: Option<Secret>,
    /// Whom its tokens may be for besides the portal.
    pub trusted_audiences: Vec<String>,
    /// What is asked for besides `openid`.
    pub scopes: Vec<String>,
    /// The claim that holds the groups.
    pub groups: String,
    /// The address of Microsoft Graph, which knows the groups of Entra's people.
    pub graph: String,
}

impl OidcSettings {
    /// Whether this `aud` holds the portal, and besides it only audiences that are trusted (OpenID Connect Core 1.0,
    /// section 3.1.3.7).
    pub(super) fn is_for_us(&self, aud: Option<&Value>) -> bool {
        let audiences = match aud {
            Some(Value::Array(all)) => all.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        let trusted =
            |one: &Value| *one == *self.client_id || self.trusted_audiences.iter().any(|a| one == a);
        audiences.iter().any(|one| *one == *self.client_id) && audiences.iter().all(trusted)
    }
}

/// A provider of OpenID Connect.
pub struct Oidc {
    pub(super) settings: OidcSettings,
    pub(super) directory: Directory,
    pub(super) clock: Arc<dyn Clock>,
}

impl Oidc {
    /// Takes the settings; nothing is asked yet.
    pub fn new(settings: OidcSettings, fetch: Fetch, clock: Arc<dyn Clock>) -> Result<Self, Refusal> {
        let issuers = Issuers::of(settings.kind, &settings.issuer)?;
        fetch.rule().check(&issuers.description())?;
        Ok(Self { settings, directory: Directory::new(fetch, issuers), clock })
    }

    /// The portal as a client of this provider, with this redirect URI.
    pub(super) fn client(&self, metadata: &Metadata, callback: &str) -> Result<Registered, Refusal> {
        let OidcSettings { client_id, client_secret, .. } = &self.settings;
        let secret = client_secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_owned()));
        let callback =
            RedirectUrl::new(callback.to_owned()).map_err(|error| Refusal::new(Reason::Form, error))?;
        let client =
            Client::from_provider_metadata(metadata.clone(), ClientId::new(client_id.clone()), secret);
        // Without a word of the provider by the header (OpenID Connect Discovery 1.0, section 3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let by_body = methods.is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let by = if by_body { AuthType::RequestBody } else { AuthType::BasicAuth };
        Ok(client.set_redirect_uri(callback).set_auth_type(by))
    }
}
