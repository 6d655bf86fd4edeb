//! The operator's people: who is one of them, how somebody becomes one, and who they are.
//!
//! There are two ways. At each sign-in by one of the operator's providers the person's groups there decide ([`groups`]);
//! and whoever has the machine makes a link by which one person becomes staff, once ([`claim`], [`operator`]). Whether
//! somebody is staff in a session is decided in [`crate::session::visitor`].

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
    Error, Result, Service,
    visitor::{SignedIn, Visitor},
};
use innkeeper_domain::{identity::ProviderId, staff::StaffRole};

/// By which ways in a session can be one of staff, by their short names. Those of customers' organisations are in
/// neither list.
pub(crate) struct StaffWays {
    /// For a row of the same provider: those of the operator that have groups of staff.
    pub(crate) groups: Vec<String>,
    /// For a row that came by a link: all of the operator's, passkeys, and mail where the portal is tried on one machine.
    pub(crate) link: Vec<String>,
}

impl StaffWays {
    pub(crate) fn of(service: &Service) -> Self {
        let all = || service.providers.all().iter();
        let grouped = all().filter(|provider| !provider.staff_groups.is_empty());
        let mail = service.settings.on_one_machine().then_some(ProviderId::MAIL);
        let others = [Some(ProviderId::PASSKEY), mail].into_iter().flatten().map(str::to_owned);
        Self {
            groups: grouped.map(|provider| provider.id.to_string()).collect(),
            link: all().map(|provider| provider.id.to_string()).chain(others).collect(),
        }
    }
}

/// The person, if they are staff and may do at least this; else [`Error::NotFound`], as if nothing were there.
pub fn require(visitor: &Visitor, at_least: StaffRole) -> Result<&SignedIn> {
    let person = visitor.signed_in()?;
    person.staff.filter(|role| *role >= at_least).map(|_| person).ok_or(Error::NotFound)
}

/// The highest of stored roles; none of none.
pub(crate) fn highest(roles: &[String]) -> Result<Option<StaffRole>> {
    let roles = roles.iter().map(|role| read(role)).collect::<Result<Vec<_>>>()?;
    Ok(roles.into_iter().max())
}

fn read(role: &str) -> Result<StaffRole> {
    StaffRole::parse(role).ok_or_else(|| Error::corrupt("staff role", role))
}
