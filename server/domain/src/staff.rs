//! The operator's people: what they may do, and which groups of a provider make somebody one of them.

use crate::{identity::Groups, tenant::stored};
use std::{collections::BTreeMap, fmt};

/// What one of the staff may do; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StaffRole {
    /// Looks.
    Viewer,
    /// Looks after databases and servers.
    Operator,
    /// Decides.
    Approver,
}

// The lowest first.
stored!(StaffRole {
    Viewer "viewer",
    Operator "operator",
    Approver "approver",
});

impl StaffRole {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Operator => "Operator",
            Self::Approver => "Approver",
        }
    }

    /// What it lets somebody do, as the end of "You may …".
    pub fn may(self) -> &'static str {
        match self {
            Self::Viewer => "look at everything that staff see, and change nothing",
            Self::Operator => "look at everything that staff see, and look after databases and servers",
            Self::Approver => {
                "look at everything that staff see, look after databases and servers, and decide on requests"
            }
        }
    }
}

/// Which groups of a provider make somebody staff, and as what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaffGroups(BTreeMap<String, StaffRole>);

impl StaffGroups {
    /// Adds a group. In a group of two roles one has the higher.
    pub fn add(&mut self, group: String, role: StaffRole) {
        let known = self.0.entry(group).or_insert(role);
        *known = role.max(*known);
    }

    /// Whether nobody comes to be staff by this provider.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What these groups make of somebody; the highest counts. Names are compared to the letter. Who is not told, or
    /// told only that there are too many, is nobody.
    pub fn role_of(&self, groups: &Groups) -> Option<StaffRole> {
        match groups {
            Groups::Untold | Groups::TooMany => None,
            Groups::Listed(names) => names.iter().filter_map(|name| self.0.get(name)).max().copied(),
        }
    }
}

/// `db-team = operator, support = viewer`.
impl fmt::Display for StaffGroups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (group, role)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            write!(f, "{comma}{group} = {}", role.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_rise_and_read_back() {
        assert!(StaffRole::Viewer < StaffRole::Operator && StaffRole::Operator < StaffRole::Approver);
        for role in StaffRole::ALL {
            assert_eq!(StaffRole::parse(role.as_str()), Some(*role));
        }
        for wrong in ["", "admin", "Approver", "owner"] {
            assert_eq!(StaffRole::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_highest_group_counts_and_only_to_the_letter() {
        let mut groups = StaffGroups::default();
        assert!(groups.is_empty());
        for (group, role) in [
            ("support", StaffRole::Viewer),
            ("db", StaffRole::Operator),
            ("boss", StaffRole::Approver),
            ("boss", StaffRole::Viewer),
        ] {
            groups.add(group.into(), role);
        }
        assert_eq!(groups.to_string(), "boss = approver, db = operator, support = viewer");
        let of = |names: &[&str]| {
            groups.role_of(&Groups::Listed(names.iter().map(|name| (*name).to_owned()).collect()))
        };
        assert_eq!(of(&["customers", "db", "support"]), Some(StaffRole::Operator));
        assert_eq!(of(&["support", "boss"]), Some(StaffRole::Approver));
        for names in [&[][..], &["customers"], &["DB"], &["db "], &["db,boss"], &[""]] {
            assert_eq!(of(names), None, "{names:?}");
        }
        assert_eq!(groups.role_of(&Groups::Untold), None);
        assert_eq!(groups.role_of(&Groups::TooMany), None);
    }
}
