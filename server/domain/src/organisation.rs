//! A customer.

use crate::text::{self, LineError};
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
        text::line(input, "the name of your organisation", Self::MOST).map(Self)
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Everything, credentials included.
    Admin,
    /// Works with the databases; no credentials of others.
    Developer,
    /// Reads activity and backups.
    Auditor,
    /// Sees plans and invoices.
    Billing,
}

impl MemberRole {
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
        [Self::Admin, Self::Developer, Self::Auditor, Self::Billing]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}
