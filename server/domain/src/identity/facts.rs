use crate::email::EmailAddress;
use time::OffsetDateTime;

/// What a person is called by who vouches for them, and what never changes: never an address, since addresses are
/// given to others (OpenID Connect Core 1.0, section 5.7; OWASP ASVS 5.0.0, 6.8.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subject {
    issuer: String,
    subject: String,
}

/// A name that cannot be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is empty, longer than 255 characters, or holds something that cannot be printed")]
pub struct SubjectError;

impl Subject {
    /// Takes issuer and name as they were said: both are compared to the letter. A name has 255 characters of ASCII at
    /// most (OpenID Connect Core 1.0, section 2).
    pub fn new(issuer: impl Into<String>, subject: impl Into<String>) -> Result<Self, SubjectError> {
        let (issuer, subject) = (issuer.into(), subject.into());
        let right = |text: &str| {
            (1..=255).contains(&text.len()) && text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
        };
        if right(&issuer) && right(&subject) { Ok(Self { issuer, subject }) } else { Err(SubjectError) }
    }

    /// Who vouches.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What they call the person.
    pub fn subject(&self) -> &str {
        &self.subject
    }
}

/// Where a person can be written to, by a provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// The address.
    pub address: EmailAddress,
    /// Whether the provider says that the person has shown to have it.
    pub proven: bool,
}

/// To which groups a person belongs, by a provider's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Groups {
    /// Nothing is said of groups.
    Untold,
    /// These, by name or by the provider's own number; none for Entra that says there are too many to say.
    Listed(Vec<String>),
    /// Too many to be said (Entra's overage): who must know has to ask.
    TooMany,
}

/// What a provider says of a person who has just signed in there.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Who it is.
    pub subject: Subject,
    /// What they are called by people.
    pub name: Option<String>,
    /// Where they can be written to.
    pub contact: Option<Contact>,
    /// To which groups they belong.
    pub groups: Groups,
    /// The provider's own session, by which it later says that the person signed out there (`sid`).
    pub session: Option<String>,
    /// When they signed in there, if that is said: it may be long ago (`auth_time`).
    pub since: Option<OffsetDateTime>,
    /// All that was said, name and value, for the admin who tries the way out before it is enforced.
    pub said: Vec<(String, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_taken_to_the_letter() {
        let of = |issuer: &str, subject: &str| Subject::new(issuer, subject);
        assert_ne!(of("https://a.example", "1"), of("https://a.example/", "1"));
        assert_ne!(of("https://a.example", "jane"), of("https://a.example", "Jane"));
        assert_ne!(of("https://a.example", "jane"), of("https://a.example", "jane "));
    }

    #[test]
    fn what_cannot_be_printed_is_nobodys_name() {
        for wrong in ["", "a\0b", "a\nb", "jäne", &"a".repeat(256)] {
            assert_eq!(Subject::new("https://a.example", wrong), Err(SubjectError), "{wrong:?}");
            assert_eq!(Subject::new(wrong, "jane"), Err(SubjectError), "{wrong:?}");
        }
    }
}
