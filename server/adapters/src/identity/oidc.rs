//! Signing in by OpenID Connect: authorization code with PKCE (OpenID Connect Core 1.0, section 3.1; RFC 7636; RFC 9700).

use super::{
    exchange, graph,
    odd::{self, Claims},
    registration::{Oidc, OidcSettings},
    token::{FRESH, Token},
    userinfo,
};
use async_trait::async_trait;
use innkeeper_domain::{
    identity::{Facts, Groups, ProviderKind, Reason, Refusal},
    ports::{Answer, Asked, IdentityProvider, SignedOut},
};
use openidconnect::{
    AuthenticationFlow, CsrfToken, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PkceCodeVerifier,
    Scope,
    core::{CoreAuthPrompt, CoreResponseType},
};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

/// How long ago somebody may have signed in there who comes here without being asked to show that it is still them.
const OLDEST_SIGN_IN: Duration = Duration::from_hours(30 * 24);

/// The longest name of a person, in characters.
const NAME: usize = 200;

impl Oidc {
    fn facts(&self, issuer: &str, name: &str, claims: &Claims) -> Result<Facts, Refusal> {
        let kind = self.settings.kind;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let shown = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Ok(Facts {
            subject: odd::subject(kind, issuer, name, claims)?,
            name: text("name").map(|name| name.chars().filter(|c| !c.is_control()).take(NAME).collect()),
            contact: odd::contact(kind, claims),
            groups: odd::groups(&self.settings.groups, claims),
            session: text("sid").filter(|sid| sid.len() <= 255 && !sid.contains('\0')),
            since: claims
                .get("auth_time")
                .and_then(Value::as_i64)
                .filter(|at| *at > 0)
                .and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
            said: claims.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
        })
    }
}

#[async_trait]
impl IdentityProvider for Oidc {
    async fn start(&self, asked: &Asked) -> Result<String, Refusal> {
        let known = self.directory.known().await?;
        let client = self.client(&known.metadata, &asked.callback)?;
        let verifier = PkceCodeVerifier::new(asked.verifier.expose().to_owned());
        let (state, nonce) = (asked.state.expose().to_owned(), asked.nonce.expose().to_owned());
        let mut request = client
            .authorize_url(
                AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .add_scopes(self.settings.scopes.iter().cloned().map(Scope::new));
        // Whoever asks for an age is told the time (OpenID Connect Core 1.0, section 3.1.2.1).
        request = if asked.fresh {
            request.add_prompt(CoreAuthPrompt::Login).set_max_age(FRESH)
        } else {
            request.set_max_age(OLDEST_SIGN_IN)
        };
        let (url, ..) = request.url();
        Ok(url.into())
    }

    async fn finish(&self, asked: &Asked, answer: &Answer) -> Result<Facts, Refusal> {
        let known = self.directory.known().await?;
        exchange::check_answered(&known, answer)?;
        let client = self.client(&known.metadata, &asked.callback)?;
        let redeemed = exchange::redeem(&self.directory, &client, asked, answer).await?;
        let token = redeemed
            .extra_fields()
            .id_token
            .as_deref()
            .ok_or_else(|| Refusal::new(Reason::Form, "the answer holds no id_token"))?;
        let mut token = Token::read(self.settings.kind, token)?;
        let said = exchange::believe(self, &known, &token, asked).await?;
        // What was checked counts as it was read; null is as good as nothing.
        token.claims.extend(exchange::object(&said));
        let mut claims: Claims = token.claims.into_iter().filter(|(_, value)| !value.is_null()).collect();
        let access = redeemed.access_token();
        for (name, value) in userinfo::ask(self, &known, &client, access, said.subject()).await? {
            claims.entry(name).or_insert(value);
        }
        let mut facts = self.facts(said.issuer().as_str(), said.subject().as_str(), &claims)?;
        if self.settings.kind == ProviderKind::Entra && facts.groups == Groups::TooMany {
            let OidcSettings { graph, .. } = &self.settings;
            facts.groups = graph::groups(&self.directory.fetch, graph, access).await;
        }
        Ok(facts)
    }

    async fn sign_out(&self, back: &str) -> Result<Option<String>, Refusal> {
        let known = self.directory.known().await?;
        let Some(mut url) = known.metadata.additional_metadata().end_session_endpoint.clone() else {
            return Ok(None);
        };
        url.query_pairs_mut()
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("post_logout_redirect_uri", back);
        Ok(Some(url.into()))
    }

    async fn signed_out(&self, message: &str) -> Result<SignedOut, Refusal> {
        super::logout::read(self, message).await
    }
}
