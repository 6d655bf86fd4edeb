//! From the code that a browser brought back to claims that can be believed.

use super::{
    fetch::FetchError,
    known::{Directory, Known},
    odd::Claims,
    oidc::{Oidc, Registered},
    token::{Rest, Said, Token, TokenAnswer, Wanted, unsigned, verify},
};
use innkeeper_domain::{
    identity::{ProviderKind, Reason, Refusal},
    ports::{Answer, Asked},
};
use openidconnect::{
    AccessToken, AuthorizationCode, Nonce, PkceCodeVerifier, RequestTokenError, SubjectIdentifier,
    UserInfoClaims, UserInfoError, core::CoreGenderClaim,
};
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
pub(super) async fn believe<'a>(
    oidc: &Oidc,
    known: &Known,
    token: &'a Token,
    asked: &Asked,
) -> Result<&'a Said, Refusal> {
    let nonce = Nonce::new(asked.nonce.expose().to_owned());
    let wanted = Wanted {
        client: &oidc.settings.client_id,
        maker: oidc.directory.issuers.maker(known.metadata.issuer(), &unsigned(&token.to_string())?)?,
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

/// What the provider says besides the token, of the same person. Entra says all it says in the token.
pub(super) async fn more(
    oidc: &Oidc,
    client: &Registered,
    access: &AccessToken,
    name: &SubjectIdentifier,
) -> Result<Claims, Refusal> {
    if oidc.settings.kind == ProviderKind::Entra || client.user_info_url().is_none() {
        return Ok(Claims::new());
    }
    let request = client
        .user_info(access.clone(), Some(name.clone()))
        .map_err(|error| Refusal::new(Reason::Discovery, error))?;
    let said: Result<UserInfoClaims<Rest, CoreGenderClaim>, UserInfoError<FetchError>> =
        request.request_async(&oidc.directory.fetch).await;
    said.map(|said| object(&said)).map_err(|error| match error {
        UserInfoError::ClaimsVerification(error) => {
            Refusal::new(Reason::Subject, format!("userinfo: {error}"))
        }
        UserInfoError::Request(error) => error.into(),
        UserInfoError::Response(status, ..) => {
            Refusal::new(Reason::Form, format!("userinfo: answered {status}"))
        }
        UserInfoError::Parse(error) => {
            Refusal::new(Reason::Form, format!("userinfo: no answer of the standard at {}", error.path()))
        }
        _ => Refusal::new(Reason::Form, "userinfo: no answer of the standard"),
    })
}

/// All that was said, by name.
pub(super) fn object(said: &impl Serialize) -> Claims {
    match serde_json::to_value(said) {
        Ok(Value::Object(claims)) => claims,
        _ => Claims::new(),
    }
}
