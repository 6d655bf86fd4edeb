//! What an admin does with a tenant after it was made: suspending, resuming, destroying, giving it back, changing its
//! plan, new passwords. Each is a run, started in the transaction that checks whether it may be.

mod change;
mod plan;
mod removal;
mod view;

pub use change::{destroy, keep, resume, rotate, suspend, try_again};
pub use plan::{PlanOffer, PlanView, change_plan, plans};
pub use removal::Removals;
pub use view::{BackupLine, CredentialsView, DangerView, credentials, danger, last_backup};

#[cfg(test)]
mod tests;
