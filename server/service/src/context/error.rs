//! How a use case ends when it does not go well.

use super::target::Forbidden;
use crate::context::field_error::{ErrorCode, Field, FieldErrors};
use innkeeper_domain::{
    identity::Refusal,
    ports::{SealError, ServerError},
};

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did not do what was asked. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was typed or chosen cannot be taken as it is; goes beside the fields.
    #[error("refused: {0}")]
    Rejected(FieldErrors),
    /// Not there, or not theirs: nobody learns which.
    #[error("not found")]
    NotFound,
    /// There, and the requester is a member; but their role lacks the permission.
    #[error("not permitted: {}", .0.permission.as_str())]
    Forbidden(Forbidden),
    /// The sign-in is too old for this; the person signs in again and comes back.
    #[error("a fresh sign-in is needed")]
    StaleSignIn,
    /// Too many attempts; the number of seconds until the next one.
    #[error("too many tries; wait {0} s")]
    TooMany(u64),
    /// The thing has changed since the requester looked, and this cannot be done as it stands now.
    #[error("not possible as it stands now")]
    Conflict,
    /// A provider of identity vouches for nobody here; the page says why in its words.
    #[error("nobody is vouched for: {0}")]
    NotVouched(#[from] Refusal),
    /// The control database cannot be reached at the moment: worth another try soon.
    #[error("control database is away: {0}")]
    Away(#[source] sqlx::Error),
    /// The control database did not do it.
    #[error("control database: {0}")]
    Database(#[source] sqlx::Error),
    /// A server did not do it.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// A step outside of a run did not succeed.
    #[error("{0}")]
    Step(String),
    /// A sealed secret cannot be opened.
    #[error("encrypted secret: {0}")]
    Seal(#[from] SealError),
    /// A row that cannot have been written by this portal.
    #[error("unreadable row: {0}")]
    Corrupt(String),
}

/// Of two changes that wait for each other PostgreSQL ends one (40P01): as if the other had come first.
impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code.as_deref() {
            Some("40P01") => Self::Conflict,
            _ if Self::is_away(&error) => Self::Away(error),
            _ => Self::Database(error),
        }
    }
}

impl Error {
    /// One input is refused.
    pub fn rejected(field: Field, code: impl Into<ErrorCode>) -> Self {
        let mut errors = FieldErrors::default();
        errors.add(field, code);
        Self::Rejected(errors)
    }

    /// A stored value that does not parse.
    pub fn corrupt(what: &str, value: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what} {value}"))
    }

    /// Whether the control database cannot be reached at the moment: worth another try soon.
    pub fn is_away(error: &sqlx::Error) -> bool {
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => true,
            // Connection lost, out of connections, shutting down or starting (PostgreSQL, appendix A).
            sqlx::Error::Database(said) => {
                said.code().is_some_and(|code| matches!(code.get(..2), Some("08" | "57")) || code == "53300")
            }
            _ => false,
        }
    }

    /// Whether this is a breach of the named unique index or constraint.
    pub fn breaks(error: &sqlx::Error, constraint: &str) -> bool {
        error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(constraint)
    }
}
