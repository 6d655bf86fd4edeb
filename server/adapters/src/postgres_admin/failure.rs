use innkeeper_domain::ports::ServerError;

/// What went wrong with one statement or connection, with the SQLSTATE that decides what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {cause}")]
pub(super) struct Failure {
    pub(super) doing: &'static str,
    /// SQLSTATE (PostgreSQL, appendix A), where the server answered.
    pub(super) code: Option<String>,
    cause: String,
    again: bool,
    /// Whose session is in the way.
    by: Option<String>,
}

impl Failure {
    /// Another try may succeed.
    pub(super) fn later(doing: &'static str, cause: impl Into<String>) -> Self {
        Self { doing, code: None, cause: cause.into(), again: true, by: None }
    }

    /// Somebody else's session is in the way.
    pub(super) fn blocked(doing: &'static str, by: String) -> Self {
        Self { by: Some(by), ..Self::later(doing, "another session is in the way") }
    }

    /// Another try would end the same.
    pub(super) fn refused(doing: &'static str, cause: impl Into<String>) -> Self {
        Self { doing, code: None, cause: cause.into(), again: false, by: None }
    }

    /// What the server said.
    pub(super) fn said(doing: &'static str, message: &str, code: &str) -> Self {
        let (code, cause, again) = (Some(code.to_owned()), format!("{message} ({code})"), passes(code));
        Self { doing, code, cause, again, by: None }
    }

    /// Reads an error of the driver. The server's first line only: detail, hint and context may quote a statement.
    pub(super) fn of(doing: &'static str, error: &sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(said) => {
                Self::said(doing, said.message(), &said.code().unwrap_or_default())
            }
            // A certificate that does not hold, see `std::io::ErrorKind::InvalidData` of the TLS library.
            sqlx::Error::Io(io) if io.kind() == std::io::ErrorKind::InvalidData => {
                Self::refused(doing, io.to_string())
            }
            sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => Self::later(doing, error.to_string()),
            _ => Self::refused(doing, error.to_string()),
        }
    }

    /// Adds what went wrong when the first failure was cleaned up.
    pub(super) fn followed_by(mut self, what: &str, second: &Self) -> Self {
        self.cause = format!("{}; then {what}: {}", self.cause, second.cause);
        self
    }

    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Makes a lasting failure one that passes.
    pub(super) fn but_later(mut self) -> Self {
        self.again = true;
        self
    }
}

/// Whether what this SQLSTATE tells of passes by itself: connection lost, transaction rolled back, out of
/// resources, ended by an operator or a deadline, object in use.
fn passes(code: &str) -> bool {
    matches!(code.get(..2), Some("08" | "40" | "53" | "57")) || matches!(code, "55006" | "55P03")
}

impl From<Failure> for ServerError {
    fn from(Failure { doing, code: _, cause, again, by }: Failure) -> Self {
        match by {
            Some(by) => Self::Blocked { doing, by },
            None if again => Self::Unavailable { doing, cause },
            None => Self::Refused { doing, cause },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_tried_again() {
        for code in ["08006", "40P01", "53300", "57P03", "57014", "55006", "55P03"] {
            assert!(passes(code), "{code}");
        }
        for code in ["28000", "42501", "42704", "2BP01", "55000", "XX000"] {
            assert!(!passes(code), "{code}");
        }
        assert!(matches!(Failure::later("x", "y").into(), ServerError::Unavailable { .. }));
        assert!(matches!(Failure::refused("x", "y").into(), ServerError::Refused { .. }));
    }
}
