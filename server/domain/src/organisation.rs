//! A customer.

use crate::{
    email::EmailAddress,
    text::{self, LineError},
};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An organisation's name as its people write it: one visible line of at most 80 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OrganisationName(String);

impl OrganisationName {
    /// The longest name, in characters.
    pub const MOST: usize = 80;

    /// Parses what was typed.
    pub fn parse(input: &str) -> Result<Self, LineError> {
        text::line(input, Self::MOST).map(Self)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrganisationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<OrganisationName> for String {
    fn from(name: OrganisationName) -> String {
        name.0
    }
}

impl TryFrom<String> for OrganisationName {
    type Error = LineError;
    fn try_from(text: String) -> Result<Self, LineError> {
        Self::parse(&text)
    }
}

/// What a member may do in an organisation.
/// In the order of what they may do, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Sees plans and invoices.
    Billing,
    /// Reads activity and backups.
    Auditor,
    /// Works with the databases; no credentials of others.
    Developer,
    /// Everything, credentials included.
    Admin,
}

impl MemberRole {
    /// All roles, the one that may do most first.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Developer, Self::Auditor, Self::Billing];

    /// As stored in the control database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Developer => "developer",
            Self::Auditor => "auditor",
            Self::Billing => "billing",
        }
    }

    /// Reads the stored form.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A mail domain that an organisation says is its own: at least two labels of letters, digits and dashes, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MailDomain(String);

/// A text that is no mail domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "This is not an e-mail domain. Enter the part after the @ of your e-mail addresses, for example acme.example."
)]
pub struct MailDomainError;

impl MailDomain {
    /// Below the domain: the name whose TXT record proves it.
    pub const RECORD: &str = "_innkeeper";

    /// Parses what was typed: the rule is that of addresses.
    pub fn parse(typed: &str) -> Result<Self, MailDomainError> {
        let address = EmailAddress::parse(&format!("x@{}", typed.trim().trim_start_matches('@')));
        address.map(|address| Self(address.domain().to_owned())).map_err(|_| MailDomainError)
    }

    /// The domain.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that is looked up in DNS.
    pub fn record(&self) -> String {
        format!("{}.{}", Self::RECORD, self.0)
    }

    /// What must stand there for this token.
    pub fn proof(token: &str) -> String {
        format!("innkeeper={token}")
    }

    /// The token of a text in DNS, where it is the proof of one.
    pub fn token(text: &str) -> Option<&str> {
        text.trim().strip_prefix("innkeeper=")
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_has_its_token_and_other_texts_have_none() {
        assert_eq!(MailDomain::token(&format!(" {} ", MailDomain::proof("k3v9"))), Some("k3v9"));
        for other in ["", "v=spf1 -all", "INNKEEPER=k3v9", "x innkeeper=k3v9"] {
            assert_eq!(MailDomain::token(other), None, "{other}");
        }
    }

    #[test]
    fn a_mail_domain_is_what_stands_behind_the_at() {
        for right in ["acme.example", "@acme.example", " ACME.Example ", "a-b.c.example"] {
            assert!(MailDomain::parse(right).is_ok(), "{right}");
        }
        assert_eq!(MailDomain::parse("ACME.example").unwrap().record(), "_innkeeper.acme.example");
        for wrong in [
            "",
            "acme",
            "acme.",
            ".example",
            "a@b@c.example",
            "a b.example",
            "acme.example/x",
            "ä.example",
            "1.2.3.4",
        ] {
            assert_eq!(MailDomain::parse(wrong), Err(MailDomainError), "{wrong:?}");
        }
    }
}
