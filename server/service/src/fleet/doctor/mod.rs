//! What is wrong, in words for an operator: the parts of `innkeeper doctor` that need the control database.

mod capacity;
mod expected;
mod kept;
mod missing;
mod orphan;
mod orphans;
mod work;

pub use capacity::capacity;
pub use kept::backups;
pub use orphan::Orphan;
pub use orphans::orphans;
pub use work::{Finding, work};
