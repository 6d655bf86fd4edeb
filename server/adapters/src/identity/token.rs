//! What a signed token must be before a word of it is believed (OpenID Connect Core 1.0, section 3.1.3.7).

use super::{
    known::Known,
    odd::Claims,
    payload::{self, ALGORITHMS, Payload},
};
use innkeeper_domain::identity::{ProviderKind, Reason, Refusal};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, ClientId, ExtraTokenFields, IdToken, IdTokenClaims,
    IdTokenVerifier, IssuerUrl, JsonWebKey as _, Nonce, SignatureVerificationError, StandardTokenResponse,
    TokenResponse,
    core::{CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreTokenType},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{str::FromStr as _, time::Duration};
use time::OffsetDateTime;

/// How far the provider's clock may differ.
pub(super) const LEEWAY: i64 = 60;
/// How old a token may be, in seconds: as long as a sign-in may take.
pub(super) const OLDEST: i64 = 600;
/// How long ago somebody may have signed in there who was asked to do so anew.
pub(super) const FRESH: Duration = Duration::from_secs(300);

/// The library reads no claims besides those it checks: all others are taken as they stand, by name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rest {}

impl AdditionalClaims for Rest {}

pub(super) type Said = IdTokenClaims<Rest, CoreGenderClaim>;
type Typed = IdToken<Rest, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// The token in the answer, as it was sent. Left to itself the library reads each standard claim, and refuses the whole
/// answer for one that nobody here asks about.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Tokens {
    pub id_token: Option<String>,
}

impl ExtraTokenFields for Tokens {}

pub(super) type TokenAnswer = StandardTokenResponse<Tokens, CoreTokenType>;

impl TokenResponse<Rest, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>
    for TokenAnswer
{
    /// None: it is read by [`Token::read`].
    fn id_token(&self) -> Option<&Typed> {
        None
    }
}

/// A token, not believed yet.
pub(super) struct Token {
    /// What its signature is of.
    signed: String,
    signature: Vec<u8>,
    /// Its head, and of its claims those that are checked. No signature holds for this.
    typed: Typed,
    /// All of its claims.
    pub claims: Claims,
}

impl Token {
    /// Reads what a provider of this kind sent.
    pub fn read(kind: ProviderKind, text: &str) -> Result<Self, Refusal> {
        let form = |found: &dyn std::fmt::Display| Refusal::new(Reason::Form, format!("id_token: {found}"));
        let [head, body, signature] = text.split('.').collect::<Vec<_>>()[..] else {
            return Err(form(&"it has not three parts"));
        };
        let Payload { claims, typed } =
            Payload::read(kind, payload::OF_TOKEN, &payload::decode(body).map_err(|e| form(&e))?)
                .map_err(|error| form(&error))?;
        let typed = format!("{head}.{}.{signature}", payload::encode(&typed));
        Ok(Self {
            signed: format!("{head}.{body}"),
            signature: payload::decode(signature).map_err(|error| form(&error))?,
            typed: Typed::from_str(&typed).map_err(|error| form(&error))?,
            claims,
        })
    }

    /// Whether one of the provider's keys has signed it: the very key that the library takes for it.
    fn check_signature(
        &self,
        verifier: &IdTokenVerifier<'_, openidconnect::core::CoreJsonWebKey>,
    ) -> Result<(), SignatureVerificationError> {
        let by = self.typed.signing_alg()?;
        if !ALGORITHMS.contains(by) {
            return Err(SignatureVerificationError::DisallowedAlg(format!("{by:?}")));
        }
        self.typed.signing_key(verifier)?.verify_signature(by, self.signed.as_bytes(), &self.signature)
    }
}

/// What a token has to fit.
pub(super) struct Wanted<'a> {
    pub client: &'a str,
    /// Whom else it may be for.
    pub trusted_audiences: &'a [String],
    pub maker: IssuerUrl,
    pub nonce: &'a Nonce,
    /// Whether the person had to sign in anew.
    pub fresh: bool,
    pub now: OffsetDateTime,
}

/// The claims of a token that fits.
pub(super) fn verify(token: &Token, known: &Known, wanted: &Wanted<'_>) -> Result<Said, Refusal> {
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
    .set_other_audience_verifier_fn(|audience| wanted.trusted_audiences.contains(audience))
    .set_time_fn(move || moment(now - LEEWAY))
    .set_issue_time_verifier_fn(move |at| seconds("iat", at.timestamp(), now - OLDEST - LEEWAY, now + LEEWAY))
    .set_auth_time_verifier_fn(move |at| match (fresh_since, at) {
        (None, _) => Ok(()),
        (Some(_), None) => Err("the provider does not say when (auth_time)".into()),
        (Some(since), Some(at)) => seconds("auth_time", at.timestamp(), since, now + LEEWAY),
    });
    token
        .check_signature(&verifier)
        .map_err(|error| refusal(ClaimsVerificationError::SignatureVerification(error)))?;
    // Its signature holds for the token as it was sent, of which these claims are a part.
    let verifier = verifier.insecure_disable_signature_check();
    let said = token.typed.claims(&verifier, wanted.nonce).map_err(refusal)?;
    // The library leaves these two to its users.
    if said.authorized_party().is_some_and(|party| party.as_str() != wanted.client) {
        return Err(Refusal::new(Reason::Audience, "azp is another client"));
    }
    match token.claims.get("nbf").map(Value::as_f64) {
        None => Ok(said.clone()),
        Some(Some(from)) if from <= seconds_of(now + LEEWAY) => Ok(said.clone()),
        Some(_) => Err(Refusal::new(Reason::Time, "nbf is later than now, or no time")),
    }
}

/// Seconds as they stand in a token: a number that may have a fraction.
#[expect(clippy::cast_precision_loss, reason = "exact for some hundred million years")]
fn seconds_of(seconds: i64) -> f64 {
    seconds as f64
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
