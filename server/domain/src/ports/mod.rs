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
pub use facts::{FirstConnection, Inventory, MachineFacts, ServerFacts, StorageUse, Stray, Usage};
pub use identity::{Answer, Asked, IdentityProvider, SignedOut};
pub use mailer::{LocalMailbox, MailError, MailboxEntry, MailboxMail, Mailer};
pub use passkeys::{NewPasskey, PasskeyClaim, PasskeyOwner, PasskeyQuestion, Passkeys};
pub use sealer::{SealError, Sealed, Sealer};
pub use server::{
    RoleVerifiers, RulesSession, ServerError, SignIn, SignInAnswer, TenantServer, TenantSession,
};
pub use verifier::Verifier;

pub use crate::system::{Clock, Random};
