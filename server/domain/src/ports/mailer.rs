use crate::mail::OutgoingMail;
use async_trait::async_trait;
use time::OffsetDateTime;

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The server was not reached, or asked for a later try (RFC 5321: 4xx).
    #[error("the mail server did not accept the e-mail now: {0}")]
    Later(String),
    /// The server refused it for good (5xx).
    #[error("the mail server refused the e-mail: {0}")]
    Refused(String),
}

/// Sends mails.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail over, within a deadline of its own.
    async fn send(&self, mail: &OutgoingMail) -> Result<(), MailError>;
}

/// A mail in the local mailbox, as its list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailboxEntry {
    /// Name of its file, which [`LocalMailbox::read`] takes.
    pub file: String,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// When it was put there, in UTC.
    pub at: OffsetDateTime,
}

/// A mail of the local mailbox. Its links and codes open doors: show it on a loopback address only.
#[derive(Clone, PartialEq, Eq)]
pub struct MailboxMail {
    /// The subject.
    pub subject: String,
    /// The recipient.
    pub to: String,
    /// The text part, decoded.
    pub text: String,
    /// The HTML part, decoded.
    pub html: Option<String>,
    /// The whole file as it stands.
    pub raw: String,
}

impl std::fmt::Debug for MailboxMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MailboxMail").finish_non_exhaustive()
    }
}

/// The mailbox of a portal that sends no mail: somebody at the machine reads it. Reads files, so it blocks.
pub trait LocalMailbox: Send + Sync {
    /// The newest mails first, `limit` at most.
    fn list(&self, limit: usize) -> Vec<MailboxEntry>;
    /// One mail; none when there is no such file, or its name is not one the mailbox gives.
    fn read(&self, file: &str) -> Option<MailboxMail>;
}
