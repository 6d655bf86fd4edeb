//! The operator's people: who is one of them, how somebody becomes one, and who they are.
//!
//! There are two ways. At each sign-in by one of the operator's providers the person's groups there decide ([`groups`]);
//! and whoever has the machine makes a link by which one person becomes staff, once ([`claim`], [`operator`]). Whether
//! somebody is staff in a session is decided in [`crate::people::session::requester`].

mod claim;
mod groups;
mod list;
mod operator;
#[cfg(test)]
mod tests;

pub use claim::{Claimed, Standing, claim, standing};
pub(crate) use groups::decide;
pub use list::{How, StaffLine, list};
pub use operator::{Link, Member, add, all, first, remove};

use crate::{
    Error, Result,
    context::requester::{Requester, SignedIn},
};
use innkeeper_domain::staff::StaffRole;

/// The person, if they are staff and may do at least this; else [`Error::NotFound`], as if nothing were there.
pub fn require(requester: &Requester, at_least: StaffRole) -> Result<&SignedIn> {
    let person = requester.signed_in()?;
    person.staff.filter(|role| *role >= at_least).map(|_| person).ok_or(Error::NotFound)
}
