//! The operator's people: who is one of them, how somebody becomes one, and who they are.
//!
//! There are two ways. At each sign-in by one of the operator's providers the person's groups there decide ([`groups`]);
//! and whoever has the machine makes a link by which one person becomes staff, once ([`claim`], [`manage`]). Whether
//! somebody is staff in a session is decided in [`crate::people::session::requester`].

mod claim;
mod groups;
mod list;
mod manage;
#[cfg(test)]
mod tests;

pub use claim::{Claimed, Standing, claim, standing};
pub(crate) use groups::decide;
pub use list::{How, StaffLine, list};
pub use manage::{Link, Member, add, all, first, remove};
