use crate::tenant::stored;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The short name of a provider, as it stands in the addresses of its start and its callback.
///
/// A letter, then letters, digits and dashes, 32 at most, all in lower case, no dash at the end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ProviderId(String);

/// A text that is no short name of a provider.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is no short name: use a letter, then letters, digits and dashes, 32 at most, in lower case")]
pub struct ProviderIdError;

impl ProviderId {
    /// The way by a link in a mail, which is no provider's.
    pub const MAIL: &str = "mail";
    /// The way by a passkey, which is no provider's either.
    pub const PASSKEY: &str = "passkey";
    /// What the short names of organisations' own ways begin with; no other's does.
    pub const OWN: &str = "org-";

    /// Parses a short name.
    pub fn parse(text: &str) -> Result<Self, ProviderIdError> {
        let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let right = (1..=32).contains(&text.len())
            && text.bytes().all(inner)
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && !text.ends_with('-')
            && ![Self::MAIL, Self::PASSKEY].contains(&text);
        right.then(|| Self(text.to_owned())).ok_or(ProviderIdError)
    }

    /// Whether it is an organisation's own way.
    pub fn is_own(&self) -> bool {
        self.0.starts_with(Self::OWN)
    }

    /// The short name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProviderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ProviderId> for String {
    fn from(id: ProviderId) -> Self {
        id.0
    }
}

impl TryFrom<String> for ProviderId {
    type Error = ProviderIdError;
    fn try_from(text: String) -> Result<Self, ProviderIdError> {
        Self::parse(&text)
    }
}

/// What speaks at the other end: they differ in what they call a person, and in what they say of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// Any issuer of OpenID Connect.
    Oidc,
    /// Authentik: its issuer ends in a slash, and it calls no address verified unless told to.
    Authentik,
    /// Microsoft Entra: a person is a tenant and an object there, and addresses prove nothing.
    Entra,
    /// GitHub: OAuth alone; who somebody is comes from its API.
    GitHub,
}

stored!(ProviderKind {
    Oidc "oidc",
    Authentik "authentik",
    Entra "entra",
    GitHub "github",
});

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_name_can_stand_in_a_path() {
        for right in ["a", "entra", "acme-sso2", &"a".repeat(32)] {
            assert_eq!(ProviderId::parse(right).map(String::from), Ok(right.to_owned()));
        }
        for wrong in
            ["", "-a", "a-", "2a", "A", "a b", "a/b", "..", "a.b", "ä", "mail", "passkey", &"a".repeat(33)]
        {
            assert_eq!(ProviderId::parse(wrong), Err(ProviderIdError), "{wrong:?}");
        }
    }

    #[test]
    fn kinds_are_read_as_they_are_written() {
        for kind in ProviderKind::ALL {
            assert_eq!(ProviderKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(ProviderKind::parse("saml"), None);
    }

    proptest! {
        #[test]
        fn what_parses_needs_no_escaping(text in ".{0,40}") {
            if let Ok(id) = ProviderId::parse(&text) {
                prop_assert!(id.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
                prop_assert_eq!(id.as_str(), text);
            }
        }
    }
}
