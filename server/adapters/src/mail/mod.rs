//! Mails: their words (`templates/mail/`), sending them by SMTP, and a local mailbox instead of that.

mod eml;
mod mailbox;
mod render;
mod smtp;
mod url;
mod words;

pub use mailbox::Mailbox;
pub use render::{RenderError, render};
pub use smtp::SmtpMailer;
pub use url::MailUrlError;

use innkeeper_domain::email::EmailAddress;

/// Who mails come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// As a person reads it, such as `Innkeeper`; may be empty.
    pub name: String,
    /// The address, which must be one that the mail server lets the portal use.
    pub address: EmailAddress,
}
