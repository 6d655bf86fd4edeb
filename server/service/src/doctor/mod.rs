//! What is wrong, in words for an operator: the parts of `innkeeper doctor` that need the control database.

mod capacity;
mod expected;
mod kept;
mod missing;
mod orphans;
mod work;

pub use capacity::capacity;
pub use kept::backups;
pub use orphans::{Orphan, orphans};
pub use work::{Finding, work};
