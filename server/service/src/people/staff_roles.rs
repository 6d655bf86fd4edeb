//! Which sessions can be of staff, and in which role.

use crate::{Error, Result, Service};
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

/// The highest of stored roles; none of none.
pub(crate) fn highest(roles: &[String]) -> Result<Option<StaffRole>> {
    let roles = roles.iter().map(|role| read(role)).collect::<Result<Vec<_>>>()?;
    Ok(roles.into_iter().max())
}

pub(crate) fn read(role: &str) -> Result<StaffRole> {
    StaffRole::parse(role).ok_or_else(|| Error::corrupt("staff role", role))
}
