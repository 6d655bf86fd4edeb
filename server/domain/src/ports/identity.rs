use crate::{
    identity::{Facts, GitHubLogin, GitHubOrganisation, Reason, Refusal, Subject},
    secret::Secret,
};
use async_trait::async_trait;
use time::OffsetDateTime;

/// What a browser is sent to a provider with, kept until it comes back. Drawn anew for each sign-in.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where the provider sends the browser back to: one address for each provider, so that no answer is taken for
    /// another's (RFC 9700, section 2.1).
    pub callback: String,
    /// Comes back with the answer, unchanged.
    pub state: Secret,
    /// Stands in the token, unchanged (OpenID Connect Core 1.0, section 3.1.2.1).
    pub nonce: Secret,
    /// Who redeems the code shows this, of which the provider has the hash (RFC 7636, S256).
    pub verifier: Secret,
    /// Whether the person has to sign in there anew, although they are signed in there.
    pub fresh: bool,
}

/// What a browser came back with.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What is redeemed for the person's facts.
    pub code: Secret,
    /// Who answered (`iss`, RFC 9207), if that was said.
    pub issuer: Option<String>,
}

/// Whom a provider has signed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedOut {
    /// When that was said at the latest: sessions that began later are not meant, however often it is said again.
    pub at: OffsetDateTime,
    /// All sessions of this person, if named.
    pub subject: Option<Subject>,
    /// The provider's session, if named.
    pub session: Option<String>,
}

/// Somebody who vouches for people.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// The address the browser is sent to.
    async fn start(&self, asked: &Asked) -> Result<String, Refusal>;

    /// Redeems an answer: who has signed in there. Everything said is checked; nothing is taken on trust but what the
    /// provider signed or answered itself over TLS.
    async fn finish(&self, asked: &Asked, answer: &Answer) -> Result<Facts, Refusal>;

    /// Whether it says to which organisations and teams there a person belongs.
    fn has_organisations(&self) -> bool {
        false
    }

    /// Redeems an answer, as [`Self::finish`] does, for those of these organisations there that the person owns who has
    /// signed in.
    async fn owned(
        &self,
        _asked: &Asked,
        _answer: &Answer,
        _wanted: &[GitHubLogin],
    ) -> Result<Vec<GitHubOrganisation>, Refusal> {
        Err(Refusal::new(Reason::Form, "it says nothing of organisations"))
    }

    /// The address at which a person signs out there and comes back to `back`; none where the provider offers none
    /// (OpenID Connect RP-Initiated Logout 1.0).
    async fn sign_out(&self, back: &str) -> Result<Option<String>, Refusal>;

    /// Whom a provider's own message signs out: subject, session there, or both (OpenID Connect Back-Channel Logout 1.0,
    /// section 2.6).
    async fn signed_out(&self, message: &str) -> Result<SignedOut, Refusal>;
}
