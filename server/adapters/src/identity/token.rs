//! What a signed token must be before a word of it is believed (OpenID Connect Core 1.0, section 3.1.3.7).

use super::{known::Known, odd::Claims};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use innkeeper_domain::identity::{Reason, Refusal};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, EmptyExtraTokenFields, IdToken, IdTokenClaims,
    IdTokenFields, IdTokenVerifier, IssuerUrl, Nonce, StandardTokenResponse,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use time::OffsetDateTime;

/// How far the provider's clock may differ.
pub(super) const LEEWAY: i64 = 60;
/// How old a token may be, in seconds: as long as a sign-in may take.
pub(super) const OLDEST: i64 = 600;
/// How long ago somebody may have signed in there who was asked to do so anew.
pub(super) const FRESH: Duration = Duration::from_secs(300);

/// The algorithms that count. None in which the two sides share a secret: then the public key could be taken for it.
pub(super) const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// What the library does not read of a token, by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rest {
    #[serde(flatten)]
    pub claims: Claims,
}

impl AdditionalClaims for Rest {}

pub(super) type Said = IdTokenClaims<Rest, CoreGenderClaim>;
pub(super) type Token =
    IdToken<Rest, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;
pub(super) type TokenAnswer = StandardTokenResponse<
    IdTokenFields<
        Rest,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;

/// What a token has to fit.
pub(super) struct Wanted<'a> {
    pub client: &'a str,
    pub maker: IssuerUrl,
    pub nonce: &'a Nonce,
    /// Whether the person had to sign in anew.
    pub fresh: bool,
    pub now: OffsetDateTime,
}

/// The claims of a token that fits.
pub(super) fn verify<'a>(token: &'a Token, known: &Known, wanted: &Wanted<'_>) -> Result<&'a Said, Refusal> {
    let now = wanted.now.unix_timestamp();
    let seconds = move |what: &'static str, at: i64, from: i64, to: i64| {
        if (from..=to).contains(&at) { Ok(()) } else { Err(format!("{what} is {} s from now", at - now)) }
    };
    let fresh_since = wanted.fresh.then(|| now - i64::try_from(FRESH.as_secs()).unwrap_or(0) - LEEWAY);
    let verifier = IdTokenVerifier::new_public_client(
        ClientId::new(wanted.client.to_owned()),
        wanted.maker.clone(),
        known.metadata.jwks().clone(),
    )
    .set_allowed_algs(ALGORITHMS)
    .set_time_fn(move || moment(now - LEEWAY))
    .set_issue_time_verifier_fn(move |at| seconds("iat", at.timestamp(), now - OLDEST - LEEWAY, now + LEEWAY))
    .set_auth_time_verifier_fn(move |at| match (fresh_since, at) {
        (None, _) => Ok(()),
        (Some(_), None) => Err("the provider does not say when (auth_time)".into()),
        (Some(since), Some(at)) => seconds("auth_time", at.timestamp(), since, now + LEEWAY),
    });
    let said = token.claims(&verifier, wanted.nonce).map_err(refusal)?;
    // The library leaves these two to its users.
    if said.authorized_party().is_some_and(|party| party.as_str() != wanted.client) {
        return Err(Refusal::new(Reason::Audience, "azp is another client"));
    }
    match said.additional_claims().claims.get("nbf").map(Value::as_f64) {
        None => Ok(said),
        Some(Some(from)) if from <= seconds_of(now + LEEWAY) => Ok(said),
        Some(_) => Err(Refusal::new(Reason::Time, "nbf is later than now, or no time")),
    }
}

/// Seconds as they stand in a token: a number that may have a fraction.
#[expect(clippy::cast_precision_loss, reason = "exact for some hundred million years")]
fn seconds_of(seconds: i64) -> f64 {
    seconds as f64
}

/// What a token says, before a word of it is believed.
pub(super) fn unsigned(token: &str) -> Result<Claims, Refusal> {
    let body = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    body.and_then(|body| serde_json::from_slice(&body).ok())
        .ok_or_else(|| Refusal::new(Reason::Form, "the token holds no claims"))
}

fn moment(seconds: i64) -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

fn refusal(error: ClaimsVerificationError) -> Refusal {
    let reason = match &error {
        ClaimsVerificationError::Expired(_) => Reason::Time,
        ClaimsVerificationError::InvalidAudience(_) => Reason::Audience,
        ClaimsVerificationError::InvalidAuthContext(_) | ClaimsVerificationError::InvalidAuthTime(_) => {
            Reason::Stale
        }
        ClaimsVerificationError::InvalidIssuer(_) => Reason::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => Reason::Nonce,
        ClaimsVerificationError::InvalidSubject(_) => Reason::Subject,
        ClaimsVerificationError::SignatureVerification(_) => Reason::Signature,
        _ => Reason::Form,
    };
    let cause = std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
    Refusal::new(reason, format!("id_token: {error}{cause}"))
}
