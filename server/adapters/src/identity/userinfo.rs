//! What a provider says of somebody besides the token (OpenID Connect Core 1.0, section 5.3).

use super::{
    known::Known,
    odd::Claims,
    payload::{self, Payload},
    registration::{Oidc, Registered},
    token::Rest,
};
use http::{
    Request, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use innkeeper_domain::identity::{ProviderKind, Reason, Refusal};
use openidconnect::{
    AccessToken, AsyncHttpClient as _, SubjectIdentifier, UserInfoClaims, UserInfoError,
    core::CoreGenderClaim,
};
use serde_json::Value;

/// What the head of a signed answer may call it.
const TYPES: [&str; 4] = ["JWT", "jwt", "application/jwt", "JOSE"];

/// What the provider says besides the token, of the same person. Entra says all it says in the token.
pub(super) async fn ask(
    oidc: &Oidc,
    known: &Known,
    client: &Registered,
    access: &AccessToken,
    name: &SubjectIdentifier,
) -> Result<Claims, Refusal> {
    let form = |found: String| Refusal::new(Reason::Form, format!("userinfo: {found}"));
    let kind = oidc.settings.kind;
    let Some(url) = client.user_info_url().filter(|_| kind != ProviderKind::Entra) else {
        return Ok(Claims::new());
    };
    let request = Request::get(url.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", access.secret()))
        .body(Vec::new())
        .map_err(|error| form(error.to_string()))?;
    let answer = oidc.directory.fetch.call(request).await?;
    if answer.status() != StatusCode::OK {
        return Err(form(format!("answered {}", answer.status())));
    }
    let sort = answer.headers().get(CONTENT_TYPE).and_then(|sort| sort.to_str().ok());
    let sort = sort.and_then(|sort| sort.split(';').next()).map(|sort| sort.trim().to_ascii_lowercase());
    let json = match sort.as_deref() {
        None | Some("application/json") => answer.into_body(),
        Some("application/jwt") => signed(oidc, known, answer.body()).await?,
        Some(other) => return Err(form(format!("answered with {other}"))),
    };
    let Payload { claims, typed } = Payload::read(kind, payload::OF_USERINFO, &json)
        .map_err(|error| form(format!("no answer of the standard: {error}")))?;
    let read = UserInfoClaims::<Rest, CoreGenderClaim>::from_json::<std::io::Error>(&typed, Some(name));
    match read {
        Ok(_) => Ok(claims),
        Err(UserInfoError::ClaimsVerification(error)) => {
            Err(Refusal::new(Reason::Subject, format!("userinfo: {error}")))
        }
        Err(UserInfoError::Parse(error)) => {
            Err(form(format!("no answer of the standard: {}", error.inner())))
        }
        Err(_) => Err(form("no answer of the standard".into())),
    }
}

/// What stands in a signed answer that the provider made for this client.
async fn signed(oidc: &Oidc, known: &Known, message: &[u8]) -> Result<Vec<u8>, Refusal> {
    let refused = |reason, found: &str| Refusal::new(reason, format!("userinfo: {found}"));
    let message = std::str::from_utf8(message).map_err(|_| refused(Reason::Form, "no signed message"))?;
    let json = match payload::signed("userinfo", &TYPES, message, known) {
        Err(refusal) if refusal.reason == Reason::Signature => match oidc.directory.newer(known).await? {
            Some(newer) => payload::signed("userinfo", &TYPES, message, &newer)?,
            None => return Err(refusal),
        },
        read => read?,
    };
    let claims = payload::claims(&json).map_err(|error| refused(Reason::Form, &error.to_string()))?;
    if claims.get("iss").and_then(Value::as_str) != Some(known.metadata.issuer().as_str()) {
        return Err(refused(Reason::Issuer, "iss is another issuer"));
    }
    if !oidc.settings.is_for_us(claims.get("aud")) {
        return Err(refused(Reason::Audience, "aud is not this client, or an audience that is not trusted"));
    }
    Ok(json)
}
