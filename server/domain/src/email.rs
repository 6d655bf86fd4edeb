//! E-mail addresses: where a link is sent, never who somebody is.

use crate::text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// An address that a mail can be sent to, in the form in which addresses are compared.
///
/// Rule (a deliberate subset of RFC 5321): an unquoted local part of ASCII, 64 bytes at most, kept as typed but
/// compared without case; a domain of at least two ASCII labels, in lower case; 254 bytes in all. Addresses
/// outside ASCII are refused: letters that look alike would let one person's mail be asked for another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EmailAddress {
    local: String,
    domain: String,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing typed.
    #[error("Enter your e-mail address, such as jane@acme.example.")]
    Empty,
    /// Over the limits of RFC 5321, section 4.5.3.1.
    #[error("This address is too long. An address has 254 characters at most, 64 of them before the @.")]
    TooLong,
    /// Not one @ with something on both sides.
    #[error("This is not an e-mail address. Use the form jane@acme.example.")]
    Form,
    /// A character that mail addresses do not have here.
    #[error("“{0}” cannot be used in an address here. Use letters without accents, digits and . _ - +")]
    Character(String),
    /// The domain cannot exist.
    #[error("The part after the @ is not a domain. Use the form jane@acme.example.")]
    Domain,
}

impl EmailAddress {
    /// Parses what was typed.
    pub fn parse(input: &str) -> Result<Self, EmailError> {
        let typed = input.trim_matches([' ', '\t']);
        if typed.is_empty() {
            return Err(EmailError::Empty);
        }
        if typed.len() > 254 {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(EmailError::Form)?;
        if local.is_empty() || domain.is_empty() {
            return Err(EmailError::Form);
        }
        if local.len() > 64 {
            return Err(EmailError::TooLong);
        }
        // RFC 5322, section 3.2.3: atext and dots between.
        let atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
        if let Some(bad) = local.chars().find(|c| !atext(*c)) {
            return Err(EmailError::Character(visible(bad)));
        }
        if local.starts_with('.') || local.ends_with('.') || local.contains("..") {
            return Err(EmailError::Form);
        }
        if let Some(bad) = domain.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-' || *c == '.')) {
            return Err(EmailError::Character(visible(bad)));
        }
        let labels: Vec<&str> = domain.split('.').collect();
        let sound = |label: &&str| {
            (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        let top_is_name = labels.last().is_some_and(|top| top.bytes().any(|b| b.is_ascii_alphabetic()));
        if labels.len() < 2 || !labels.iter().all(sound) || !top_is_name {
            return Err(EmailError::Domain);
        }
        Ok(Self { local: local.into(), domain: domain.to_ascii_lowercase() })
    }

    /// The key by which addresses are told apart: all in lower case.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_ascii_lowercase(), self.domain)
    }

    /// The domain, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// A first idea for a database's name: the company in the domain, `acme` of `jane@acme.example`.
    pub fn suggestion(&self) -> &str {
        self.domain.split('.').next().unwrap_or_default()
    }
}

fn visible(c: char) -> String {
    if text::is_hidden(c) { format!("U+{:04X}", u32::from(c)) } else { c.to_string() }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> String {
        address.to_string()
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailError;
    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_kept_as_typed_and_compared_without_case() {
        let address = EmailAddress::parse(" Jane.Doe+pg@ACME.example ").unwrap();
        assert_eq!(address.to_string(), "Jane.Doe+pg@acme.example");
        assert_eq!(address.key(), "jane.doe+pg@acme.example");
        assert_eq!(address.suggestion(), "acme");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            " ",
            "jane",
            "@acme.example",
            "jane@",
            "jane@acme",
            "jane@@acme.example",
            "a b@acme.example",
            ".a@acme.example",
            "a.@acme.example",
            "a..b@acme.example",
            "\"a b\"@acme.example",
            "a@-acme.example",
            "a@acme-.example",
            "a@acme..example",
            "a@acme.example.",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "jane@acme.example\r\nBcc: eve@evil.example",
            "jane@acme.example\0",
            "ja\u{202e}ne@acme.example",
            "j\u{0131}ane@acme.example",
            "jane@\u{ff41}cme.example",
            "jane@acme.example,eve@evil.example",
            "<jane@acme.example>",
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?} passed");
        }
        let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(63));
        assert!(EmailAddress::parse(&long).is_ok());
        assert_eq!(EmailAddress::parse(&format!("a{long}")), Err(EmailError::TooLong));
    }

    proptest! {
        #[test]
        fn what_passes_is_one_mailbox_and_parses_again(s in ".{1,30}@.{1,30}") {
            if let Ok(address) = EmailAddress::parse(&s) {
                let text = address.to_string();
                prop_assert!(text.is_ascii() && !text.contains([' ', ',', ';', '<', '>', '"', '\r', '\n', '\0']));
                prop_assert_eq!(text.matches('@').count(), 1);
                prop_assert_eq!(EmailAddress::parse(&text), Ok(address));
            }
        }
    }
}
