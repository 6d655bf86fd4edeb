use crate::tenant::stored;
use std::fmt;

/// Why a provider's word is not taken. The code stands in the log and on the page, so that one can be found by the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// No sign-in of this browser waits for this answer: it was never asked for, is too late, was used, or belongs to
    /// another browser or another provider (RFC 6749, section 10.12).
    State,
    /// The answer holds neither a code nor an error, or something twice (RFC 6749, section 3.1).
    Answer,
    /// The answer names another provider than the one that was asked, or none although it should (RFC 9207).
    AnswerIssuer,
    /// The provider itself refused.
    Declined,
    /// The provider cannot be reached, or not in time.
    Unreachable,
    /// The provider's address leads somewhere it may not lead.
    Forbidden,
    /// The provider says something that does not fit the standard, or too much of it.
    Form,
    /// The provider's own description names another issuer (OpenID Connect Discovery 1.0, section 4.3).
    Discovery,
    /// The code was not redeemed (RFC 6749, section 5.2).
    Code,
    /// The token's signature does not hold, or its key or algorithm is not one that counts.
    Signature,
    /// The token was made by somebody else.
    Issuer,
    /// The token was made for somebody else.
    Audience,
    /// The token is too old, not yet valid, or says nothing of its time.
    Time,
    /// The token was made for another sign-in.
    Nonce,
    /// The token names nobody, or another person than the rest of the answer.
    Subject,
    /// The sign-in there is older than was asked for.
    Stale,
    /// The provider names no address that it has verified, and this portal asks for one.
    Address,
    /// The person has another account here already.
    Taken,
    /// The person belongs to none of the groups that are let in.
    Group,
    /// The person owns no organisation there that was said to be theirs.
    Owner,
    /// No account has this passkey.
    Unknown,
    /// The passkey is another account's than the one that is signed in.
    Another,
    /// The device did not make sure who holds it (Web Authentication Level 3, section 6.1, the flag UV).
    Unverified,
    /// The passkey's counter did not grow: there may be a copy of it (Web Authentication Level 3, section 6.1.1).
    Counter,
}

stored!(Reason {
    State "state",
    Answer "answer",
    AnswerIssuer "answer-issuer",
    Declined "declined",
    Unreachable "unreachable",
    Forbidden "forbidden",
    Form "form",
    Discovery "discovery",
    Code "code",
    Signature "signature",
    Issuer "issuer",
    Audience "audience",
    Time "time",
    Nonce "nonce",
    Subject "subject",
    Stale "stale",
    Address "address",
    Taken "taken",
    Group "group",
    Owner "owner",
    Unknown "unknown",
    Another "another",
    Unverified "unverified",
    Counter "counter",
});

impl Reason {
    /// The code.
    pub fn code(self) -> &'static str {
        self.as_str()
    }

    /// What went wrong and what to do, for the person who wanted in.
    pub fn words(self) -> &'static str {
        match self {
            Self::State => {
                "This sign-in is no longer valid: it took too long, was already used, or was started in another browser. Start again."
            }
            Self::Answer | Self::AnswerIssuer => "The response did not match the request. Start again.",
            Self::Declined => "The provider did not sign you in. Start again, or use another sign-in method.",
            Self::Unreachable => {
                "The provider cannot be reached right now. Try again in a minute, or use another sign-in method."
            }
            Self::Forbidden | Self::Form | Self::Discovery => {
                "The provider is not configured as this portal requires. Use another sign-in method, and give support the code below."
            }
            Self::Code | Self::Nonce | Self::Time | Self::Stale => {
                "The sign-in could not be confirmed in time. Start again."
            }
            Self::Audience => {
                "The response was issued for another application, or also for one that is not trusted here. Use another sign-in method, and give support the code below."
            }
            Self::Signature | Self::Issuer | Self::Subject => {
                "The response could not be verified. Use another sign-in method, and give support the code below."
            }
            Self::Address => {
                "The provider has no verified e-mail address of yours. Verify one there and start again, or use another sign-in method."
            }
            Self::Taken => {
                "It already belongs to another account here. Sign in to that account and remove it there first."
            }
            Self::Group => {
                "Your account belongs to none of the groups that have access. Ask your administrator."
            }
            Self::Owner => {
                "The provider does not confirm that you own an organisation named here. Sign in there as one of its owners; if it restricts apps, allow this portal in its settings first."
            }
            Self::Unknown => {
                "This passkey belongs to no account: it or its account was removed. Use another sign-in method, and delete the passkey from your device or password manager."
            }
            Self::Another => {
                "This passkey belongs to another account. Use one of this account, or another sign-in method."
            }
            Self::Unverified => {
                "Your device did not confirm that it is you. Set up a screen lock, PIN or fingerprint and start again, or use another sign-in method."
            }
            Self::Counter => {
                "It was used somewhere else since it was last used here, so there may be a copy of it. Sign in another way, \
                 remove it from your account, and give support the code below."
            }
        }
    }
}

/// A refusal: the reason for the person, and what exactly was found for the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What was found. It may quote what a provider sent, but no secret.
    pub found: String,
}

impl Refusal {
    /// A refusal for this reason.
    pub fn new(reason: Reason, found: impl fmt::Display) -> Self {
        Self { reason, found: found.to_string().chars().take(300).collect() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.reason.code(), self.found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_reason_has_a_code_of_its_own_and_words() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.code()), Some(*reason));
            assert!(reason.words().ends_with('.'), "{reason:?}");
        }
        assert_eq!(Reason::parse("<script>"), None);
    }
}
