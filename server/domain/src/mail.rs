//! The mails the portal sends. None holds a password or a connection string.

use crate::email::EmailAddress;
use serde::{Deserialize, Serialize};

/// A mail: what it says. The adapter has one folder of templates for each.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mail", rename_all = "snake_case")]
pub enum Message {
    /// Confirm the address of a new account, or sign in to an old one: a link that asks for a press, and a code.
    SignIn {
        /// The link.
        link: String,
        /// The six digits.
        code: String,
        /// Whether an account with this address exists.
        known: bool,
    },
    /// Show that a mailbox is theirs who want it as one more way into their account.
    AddMailbox {
        /// The link.
        link: String,
        /// The six digits.
        code: String,
    },
    /// Who gets into the account was changed, or what they may do.
    AccountChanged {
        /// What, as a sentence.
        what: String,
        /// When, in UTC, as a person reads it.
        at: String,
        /// From which address.
        address: String,
        /// The account's page.
        link: String,
    },
    /// A mail domain is not proven for an organisation any more.
    DomainLost {
        /// The organisation's name.
        organisation: String,
        /// The domain.
        domain: String,
        /// Why, in sentences.
        why: String,
        /// Where it can be shown again.
        link: String,
    },
    /// The database is ready; the passwords wait.
    Ready {
        /// The tenant's name.
        tenant: String,
        /// The handoff's page.
        link: String,
        /// Until when, in UTC, as a person reads it.
        until: String,
    },
    /// The database could not be made.
    SetupFailed {
        /// The tenant's name.
        tenant: String,
        /// The page of the run.
        link: String,
        /// What happened.
        reason: String,
        /// The number to quote.
        support_number: String,
    },
    /// The passwords were shown to somebody.
    CredentialsRevealed {
        /// The tenant's name.
        tenant: String,
        /// To whom.
        person: String,
        /// From which address.
        address: String,
        /// When, in UTC, as a person reads it.
        at: String,
        /// Where new passwords are made.
        link: String,
    },
    /// The database was cut off.
    Suspended {
        /// The tenant's name.
        tenant: String,
        /// Where it is resumed.
        link: String,
    },
    /// The database takes more than its plan's storage and was made read-only.
    StorageFull {
        /// The tenant's name.
        tenant: String,
        /// What its plan allows, with its unit.
        limit: String,
        /// Its page.
        link: String,
    },
    /// The database is cut off and will be removed.
    RemovalScheduled {
        /// The tenant's name.
        tenant: String,
        /// When, in UTC, as a person reads it.
        at: String,
        /// Where it is kept.
        link: String,
    },
    /// The database is deleted.
    Removed {
        /// The tenant's name.
        tenant: String,
        /// Until when its final backup is kept, in UTC, as a person reads it.
        kept_until: String,
        /// Where one sees what was done.
        link: String,
    },
    /// Something stands still until a person looks at it.
    RunHeld {
        /// The tenant's name.
        tenant: String,
        /// What happened.
        reason: String,
        /// The number to quote.
        support_number: String,
        /// Where it goes on.
        link: String,
    },
    /// Nobody opened the passwords in time; they no longer work.
    CredentialsExpired {
        /// The tenant's name.
        tenant: String,
        /// Where new passwords are made.
        link: String,
    },
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Links and codes open doors.
        f.write_str("Message")
    }
}

/// A mail on its way.
#[derive(Debug, Clone)]
pub struct OutgoingMail {
    /// The same at each try, so that a mail sent twice is seen once (RFC 5322, section 3.6.4).
    pub message_id: String,
    /// The one recipient.
    pub to: EmailAddress,
    /// What it says.
    pub message: Message,
}

impl Message {
    /// Its kind, as stored beside the sealed text.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::SignIn { .. } => "sign_in",
            Self::AddMailbox { .. } => "add_mailbox",
            Self::AccountChanged { .. } => "account_changed",
            Self::DomainLost { .. } => "domain_lost",
            Self::Ready { .. } => "ready",
            Self::SetupFailed { .. } => "setup_failed",
            Self::CredentialsRevealed { .. } => "credentials_revealed",
            Self::Suspended { .. } => "suspended",
            Self::StorageFull { .. } => "storage_full",
            Self::RemovalScheduled { .. } => "removal_scheduled",
            Self::Removed { .. } => "removed",
            Self::RunHeld { .. } => "run_held",
            Self::CredentialsExpired { .. } => "credentials_expired",
        }
    }
}
