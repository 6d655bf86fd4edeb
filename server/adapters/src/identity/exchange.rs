//! From the code that a browser brought back to claims that can be believed.

use super::{
    known::{Directory, Known},
    odd::Claims,
    registration::{Oidc, Registered},
    token::{Said, Token, TokenAnswer, Wanted, verify},
};
use innkeeper_domain::{
    identity::{Reason, Refusal},
    ports::{Answer, Asked},
};
use openidconnect::{AuthorizationCode, Nonce, PkceCodeVerifier, RequestTokenError};
use serde::Serialize;
use serde_json::Value;

/// Whether the answer comes from the provider that was asked (RFC 9207, section 2.4).
pub(super) fn check_answered(known: &Known, answer: &Answer) -> Result<(), Refusal> {
    let wrong = |found: String| Err(Refusal::new(Reason::AnswerIssuer, found));
    let named = known.metadata.additional_metadata().authorization_response_iss_parameter_supported;
    match &answer.issuer {
        Some(issuer) if issuer == known.metadata.issuer().as_str() => Ok(()),
        Some(issuer) => wrong(format!("iss is {issuer}")),
        None if named => wrong("iss is missing".into()),
        None => Ok(()),
    }
}

/// Gives the code and the verifier, and gets the tokens.
pub(super) async fn redeem(
    directory: &Directory,
    client: &Registered,
    asked: &Asked,
    answer: &Answer,
) -> Result<TokenAnswer, Refusal> {
    let code = AuthorizationCode::new(answer.code.expose().to_owned());
    let exchange = client.exchange_code(code).map_err(|error| Refusal::new(Reason::Discovery, error))?;
    let asking = exchange
        .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.expose().to_owned()))
        .request_async(&directory.fetch);
    asking.await.map_err(|error| match error {
        RequestTokenError::ServerResponse(said) => Refusal::new(Reason::Code, format!("token: {said}")),
        RequestTokenError::Request(error) => error.into(),
        // What was sent instead may hold a token: only where it breaks is told.
        RequestTokenError::Parse(error, _) => {
            Refusal::new(Reason::Form, format!("token: no answer of the standard at {}", error.path()))
        }
        RequestTokenError::Other(what) => Refusal::new(Reason::Form, format!("token: {what}")),
    })
}

/// The claims of the token, checked; with the provider's newest keys where those that are known do not do.
pub(super) async fn believe(
    oidc: &Oidc,
    known: &Known,
    token: &Token,
    asked: &Asked,
) -> Result<Said, Refusal> {
    let nonce = Nonce::new(asked.nonce.expose().to_owned());
    let wanted = Wanted {
        client: &oidc.settings.client_id,
        trusted_audiences: &oidc.settings.trusted_audiences,
        maker: oidc.directory.issuers.maker(known.metadata.issuer(), &token.claims)?,
        nonce: &nonce,
        fresh: asked.fresh,
        now: oidc.clock.now(),
    };
    match verify(token, known, &wanted) {
        Err(refusal) if refusal.reason == Reason::Signature => match oidc.directory.newer(known).await? {
            Some(newer) => verify(token, &newer, &wanted),
            None => Err(refusal),
        },
        checked => checked,
    }
}

/// What the library has read, by name.
pub(super) fn object(said: &impl Serialize) -> Claims {
    match serde_json::to_value(said) {
        Ok(Value::Object(claims)) => claims,
        _ => Claims::new(),
    }
}
