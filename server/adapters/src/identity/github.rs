//! Signing in by GitHub: OAuth alone (RFC 6749 with PKCE). Who somebody is, and where they can be written to, is asked of
//! its API.

mod api;

use super::fetch::Fetch;
use api::{Address, Api, User};
use async_trait::async_trait;
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Contact, Facts, GitHubLogin, GitHubOrganisation, Groups, Reason, Refusal, Subject},
    ports::{Answer, Asked, IdentityProvider, SignedOut},
    secret::Secret,
};
use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet, EndpointSet,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
    basic::BasicClient,
};
use serde::Deserialize;
use url::Url;

/// The scopes of which one is needed to be told of organisations and teams.
const MEMBERSHIP: [&str; 3] = ["read:org", "write:org", "admin:org"];

/// How the portal is registered with GitHub.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// The address of its pages, which is what it is called here; another one for GitHub Enterprise.
    pub issuer: String,
    /// The address of its API.
    pub api: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there.
    pub client_secret: Secret,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// GitHub.
pub struct GitHub {
    settings: GitHubSettings,
    fetch: Fetch,
}

type Registered = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl GitHub {
    /// Takes the settings; nothing is asked yet.
    pub fn new(settings: GitHubSettings, fetch: Fetch) -> Result<Self, Refusal> {
        for address in [&settings.issuer, &settings.api] {
            let url = Url::parse(address).map_err(|error| Refusal::new(Reason::Discovery, error))?;
            fetch.rule().check(&url)?;
        }
        Ok(Self { settings, fetch })
    }

    fn client(&self, callback: &str) -> Result<Registered, Refusal> {
        let wrong = |error| Refusal::new(Reason::Discovery, error);
        let at = |path: &str| format!("{}{path}", self.settings.issuer.trim_end_matches('/'));
        Ok(BasicClient::new(ClientId::new(self.settings.client_id.clone()))
            .set_client_secret(ClientSecret::new(self.settings.client_secret.expose().to_owned()))
            .set_auth_type(oauth2::AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(at("/login/oauth/authorize")).map_err(wrong)?)
            .set_token_uri(TokenUrl::new(at("/login/oauth/access_token")).map_err(wrong)?)
            .set_redirect_uri(RedirectUrl::new(callback.to_owned()).map_err(wrong)?))
    }

    fn api(&self, token: Secret) -> Api<'_> {
        Api { at: &self.settings.api, token, fetch: &self.fetch }
    }

    /// Redeems a code for the token with which the API is asked.
    async fn redeem(&self, asked: &Asked, answer: &Answer) -> Result<Secret, Refusal> {
        let redeemed = self
            .client(&asked.callback)?
            .exchange_code(AuthorizationCode::new(answer.code.expose().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.expose().to_owned()))
            .request_async(&self.fetch)
            .await
            .map_err(|error| match error {
                RequestTokenError::ServerResponse(said) => {
                    Refusal::new(Reason::Code, format!("token: {said}"))
                }
                RequestTokenError::Request(error) => error.into(),
                // GitHub refuses with 200 and an error, which is no token: its words are in what was sent.
                RequestTokenError::Parse(_, sent) => Refusal::new(Reason::Code, refused(&sent)),
                RequestTokenError::Other(what) => Refusal::new(Reason::Form, format!("token: {what}")),
            })?;
        Ok(Secret::new(redeemed.access_token().secret().as_str()))
    }
}

#[async_trait]
impl IdentityProvider for GitHub {
    async fn start(&self, asked: &Asked) -> Result<String, Refusal> {
        let verifier = PkceCodeVerifier::new(asked.verifier.expose().to_owned());
        let state = asked.state.expose().to_owned();
        let (url, _) = self
            .client(&asked.callback)?
            .authorize_url(move || CsrfToken::new(state))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new))
            .url();
        Ok(url.into())
    }

    async fn finish(&self, asked: &Asked, answer: &Answer) -> Result<Facts, Refusal> {
        let api = self.api(self.redeem(asked, answer).await?);
        let user: User = api.ask("/user").await?;
        let addresses: Vec<Address> = api.ask("/user/emails").await?;
        let contact = addresses
            .iter()
            .find(|address| address.primary && address.verified)
            .and_then(|address| EmailAddress::parse(&address.email).ok())
            .map(|address| Contact { address, proven: true });
        // The number stays when the name is given to somebody else.
        let subject = Subject::new(self.settings.issuer.clone(), user.id.to_string())
            .map_err(|error| Refusal::new(Reason::Subject, error))?;
        let said = [("id", user.id.to_string()), ("login", user.login.clone())];
        Ok(Facts {
            subject,
            name: user.name.or(Some(user.login)),
            contact,
            groups: if self.has_organisations() { api.groups().await? } else { Groups::Untold },
            session: None,
            since: None,
            said: said.map(|(name, value)| (name.to_owned(), value)).into(),
        })
    }

    fn has_organisations(&self) -> bool {
        self.settings.scopes.iter().any(|scope| MEMBERSHIP.contains(&scope.as_str()))
    }

    async fn owned(
        &self,
        asked: &Asked,
        answer: &Answer,
        wanted: &[GitHubLogin],
    ) -> Result<Vec<GitHubOrganisation>, Refusal> {
        self.api(self.redeem(asked, answer).await?).owned(wanted).await
    }

    async fn sign_out(&self, _: &str) -> Result<Option<String>, Refusal> {
        Ok(None)
    }

    async fn signed_out(&self, _: &str) -> Result<SignedOut, Refusal> {
        Err(Refusal::new(Reason::Form, "GitHub sends no such messages"))
    }
}

/// What GitHub says instead of a token; nothing else of what it sent, since that may be one.
fn refused(sent: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said {
        error: String,
        error_description: Option<String>,
    }
    match serde_json::from_slice::<Said>(sent) {
        Ok(Said { error, error_description }) => {
            format!("token: {error} {}", error_description.unwrap_or_default())
        }
        Err(_) => "token: neither a token nor a refusal".into(),
    }
}
