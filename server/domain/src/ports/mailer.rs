use crate::mail::OutgoingMail;
use async_trait::async_trait;

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server was not reached, or asked for a later try (RFC 5321: 4xx).
    #[error("the mail server did not take the mail now: {0}")]
    Later(String),
    /// The server refused it for good (5xx).
    #[error("the mail server refused the mail: {0}")]
    Refused(String),
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over, within a deadline of its own.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}
