//! Field errors: what is wrong with which input of a use case, as data. The words for people are made where they are shown.

mod field;
mod input;
mod organisation;
mod sign_in;
mod tenant;

pub use field::Field;
pub use input::InputCode;
pub use organisation::{FoundOrganisation, OrganisationCode};
pub use sign_in::SignInCode;
pub use tenant::TenantCode;

use innkeeper_domain::{
    allowlist::ReachError, capacity::Short, email::EmailError, identity::GitHubLoginError, name::WishError,
    organisation::MailDomainError, organisation_slug::SlugError, text::LineError,
};
use std::fmt;

/// An input that a use case refuses, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The input.
    pub field: Field,
    /// Why it is refused.
    pub code: ErrorCode,
}

/// Why an input is refused, with the values that its words need. By part of the product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorCode {
    /// It cannot be used as it was typed.
    Input(InputCode),
    /// Signing in, and the methods of an account.
    SignIn(SignInCode),
    /// Organisations and their single sign-on.
    Organisation(OrganisationCode),
    /// Databases.
    Tenant(TenantCode),
}

impl ErrorCode {
    /// The code for programs: stable, unlike the words.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Input(code) => code.as_str(),
            Self::SignIn(code) => code.as_str(),
            Self::Organisation(code) => code.as_str(),
            Self::Tenant(code) => code.as_str(),
        }
    }
}

/// What a code is made of as it is: the parts' own codes, and why a value of the domain does not parse.
macro_rules! from {
    ($($part:ty => $code:expr),* $(,)?) => {
        $(impl From<$part> for ErrorCode {
            fn from(part: $part) -> Self {
                $code(part)
            }
        })*
    };
}

from! {
    InputCode => Self::Input,
    SignInCode => Self::SignIn,
    OrganisationCode => Self::Organisation,
    TenantCode => Self::Tenant,
    LineError => |error| InputCode::Line(error).into(),
    EmailError => |error| InputCode::Email(error).into(),
    SlugError => |error| InputCode::Slug(error).into(),
    WishError => |error| InputCode::DatabaseName(error).into(),
    ReachError => |error| InputCode::Addresses(error).into(),
    GitHubLoginError => |error| InputCode::GitHubLogin(error).into(),
    MailDomainError => |error| InputCode::MailDomain(error).into(),
    Short => |short| TenantCode::NoRoom(short).into(),
}

/// All field errors of a use case, at most one for each input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Adds an error; the first one of an input stays.
    pub fn add(&mut self, field: Field, code: impl Into<ErrorCode>) {
        if self.of(field).is_none() {
            self.0.push(FieldError { field, code: code.into() });
        }
    }

    /// The value, or its error and nothing.
    pub fn take<T, E: Into<ErrorCode>>(&mut self, field: Field, parsed: Result<T, E>) -> Option<T> {
        parsed.map_err(|error| self.add(field, error)).ok()
    }

    /// Why an input is refused.
    pub fn of(&self, field: Field) -> Option<&ErrorCode> {
        self.iter().find(|error| error.field == field).map(|error| &error.code)
    }

    /// All of them, in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }

    /// Whether nothing is refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a FieldErrors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As the log has it: names and codes, nothing that was typed.
impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let errors = self.iter().map(|error| format!("{}: {}", error.field.as_str(), error.code.as_str()));
        f.write_str(&errors.collect::<Vec<_>>().join(", "))
    }
}
