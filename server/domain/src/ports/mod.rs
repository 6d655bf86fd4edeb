//! What the portal needs from outside, as traits. The adapters implement them.

mod backups;
mod customers;
mod facts;
mod identity;
mod mailer;
mod passkeys;
mod sealer;
mod server;
mod verifier;

pub use backups::{BackupError, BackupFacts, Backups};
pub use customers::{Dns, DnsError, Issuers, OwnIssuer};
pub use facts::{FirstConnection, Inventory, MachineFacts, ServerFacts, Stray, Usage};
pub use identity::{Answer, Asked, IdentityProvider, SignedOut};
pub use mailer::{LocalMailbox, MailError, MailboxEntry, MailboxMail, Mailer};
pub use passkeys::{NewPasskey, PasskeyClaim, PasskeyOwner, PasskeyQuestion, Passkeys};
pub use sealer::{SealError, Sealed, Sealer};
pub use server::{
    RoleVerifiers, RulesSession, ServerError, SignIn, SignInAnswer, TenantServer, TenantSession,
};
pub use verifier::Verifier;

use time::OffsetDateTime;

/// Says what time it is. Deadlines of things in the control database use the database's own clock instead.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> OffsetDateTime;
}

/// Draws random bytes fit for keys.
pub trait Random: Send + Sync {
    /// Fills the slice.
    fn fill(&self, bytes: &mut [u8]);
}
