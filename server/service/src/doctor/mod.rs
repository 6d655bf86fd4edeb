//! What is wrong, in words for an operator: the parts of `innkeeper doctor` that need the control database.

mod expected;
mod orphans;
mod work;

pub use orphans::{Orphan, orphans};
pub use work::{Finding, work};
