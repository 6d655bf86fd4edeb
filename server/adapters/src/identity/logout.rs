//! A provider's own message that somebody signed out there (OpenID Connect Back-Channel Logout 1.0, section 2.6).

use super::{
    known::Known,
    odd::Claims,
    payload,
    registration::Oidc,
    token::{LEEWAY, OLDEST},
};
use innkeeper_domain::{
    identity::{ProviderKind, Reason, Refusal, Subject},
    ports::SignedOut,
};
use serde_json::Value;
use time::OffsetDateTime;

/// What such a message must name itself for.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whom the message signs out, once it is shown to be the provider's own and of now.
pub(super) async fn read(oidc: &Oidc, message: &str) -> Result<SignedOut, Refusal> {
    let known = oidc.directory.known().await?;
    let claims = match signed(message, &known) {
        Err(refusal) if refusal.reason == Reason::Signature => match oidc.directory.newer(&known).await? {
            Some(newer) => signed(message, &newer)?,
            None => return Err(refusal),
        },
        checked => checked?,
    };
    let maker = oidc.directory.issuers.maker(known.metadata.issuer(), &claims)?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    let wrong = |reason, found: &str| Err(Refusal::new(reason, format!("logout_token: {found}")));
    if text("iss") != Some(maker.as_str()) {
        return wrong(Reason::Issuer, "iss is another issuer");
    }
    if !oidc.settings.is_for_us(claims.get("aud")) {
        return wrong(Reason::Audience, "aud is not this client, or an audience that is not trusted");
    }
    let now = oidc.clock.now().unix_timestamp();
    let time = |name: &str| claims.get(name).and_then(Value::as_i64);
    let at = time("iat").filter(|at| (now - OLDEST - LEEWAY..=now + LEEWAY).contains(at));
    // Its clock may be behind, and it counts whole seconds.
    let at = at.and_then(|at| OffsetDateTime::from_unix_timestamp(at + LEEWAY).ok());
    let (Some(at), true) = (at, time("exp").is_none_or(|until| until > now - LEEWAY)) else {
        return wrong(Reason::Time, "iat or exp is not of now");
    };
    if claims.get("events").and_then(|events| events.get(EVENT)).is_none_or(|event| !event.is_object()) {
        return wrong(Reason::Form, "events says nothing of a logout");
    }
    // Otherwise it could be a token of a sign-in.
    if claims.contains_key("nonce") {
        return wrong(Reason::Nonce, "it has a nonce");
    }
    if text("jti").is_none() {
        return wrong(Reason::Form, "jti is missing");
    }
    let (subject, session) = (text("sub"), text("sid"));
    if subject.is_none() && session.is_none() {
        return wrong(Reason::Subject, "it names neither sub nor sid");
    }
    // What Entra calls a person here is not what they are known by.
    if oidc.settings.kind == ProviderKind::Entra && session.is_none() {
        return wrong(Reason::Subject, "it names no sid");
    }
    let subject = subject.filter(|_| oidc.settings.kind != ProviderKind::Entra);
    let subject = subject
        .map(|name| Subject::new(maker.as_str(), name))
        .transpose()
        .map_err(|error| Refusal::new(Reason::Subject, format!("logout_token: the name {error}")))?;
    Ok(SignedOut { at, subject, session: session.map(str::to_owned) })
}

/// The claims of a message that one of the provider's keys has signed.
fn signed(message: &str, known: &Known) -> Result<Claims, Refusal> {
    let json = payload::signed("logout_token", &["logout+jwt", "JWT"], message, known)?;
    payload::claims(&json).map_err(|error| Refusal::new(Reason::Form, format!("logout_token: {error}")))
}
