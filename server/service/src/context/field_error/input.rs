//! Input that cannot be used, whatever there is already.

use innkeeper_domain::{
    allowlist::ReachError, email::EmailError, identity::GitHubLoginError, name::WishError,
    organisation::MailDomainError, organisation_slug::SlugError, text::LineError,
};

/// Why an input cannot be used as it was typed or chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputCode {
    /// No line of text that can be kept.
    Line(LineError),
    /// No e-mail address.
    Email(EmailError),
    /// No slug.
    Slug(SlugError),
    /// No name of a database.
    DatabaseName(WishError),
    /// No list of addresses that may connect.
    Addresses(ReachError),
    /// No name of an organisation at GitHub.
    GitHubLogin(GitHubLoginError),
    /// No mail domain.
    MailDomain(MailDomainError),
    /// Nothing that can be chosen there.
    UnknownChoice,
    /// Longer than this many characters.
    TooLong {
        /// Characters allowed.
        most: usize,
    },
    /// More than can be chosen or typed there.
    TooMany {
        /// How many are allowed.
        most: usize,
    },
    /// All that was typed into the form is more than can be kept.
    FormTooLong,
    /// There are as many of them as there may be.
    LimitReached {
        /// How many there may be.
        most: i64,
    },
}

impl InputCode {
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Line(_) => "invalid_text",
            Self::Email(_) => "invalid_email",
            Self::Slug(_) => "invalid_slug",
            Self::DatabaseName(_) => "invalid_database_name",
            Self::Addresses(_) => "invalid_addresses",
            Self::GitHubLogin(_) => "invalid_github_login",
            Self::MailDomain(_) => "invalid_mail_domain",
            Self::UnknownChoice => "unknown_choice",
            Self::TooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::FormTooLong => "form_too_long",
            Self::LimitReached { .. } => "limit_reached",
        }
    }
}
