//! `staff_groups` of a provider: which of its groups make somebody staff, by role.

use innkeeper_domain::staff::{StaffGroups, StaffRole};
use toml::Value;

/// Reads a table of roles with lists of groups; else what is wrong with it.
pub(super) fn staff_groups(value: &Value) -> Result<StaffGroups, String> {
    let table = value.as_table().ok_or(
        "is no table of roles: write { operator = [\"db-team\"], viewer = [\"support\"] } with the groups' own names",
    )?;
    let mut groups = StaffGroups::default();
    for (role, names) in table {
        let role = StaffRole::parse(role)
            .ok_or_else(|| format!("`{role}` is none of the roles approver, operator and viewer"))?;
        let named = |name: &Value| name.as_str().filter(|name| !name.trim().is_empty()).map(str::to_owned);
        let names = names.as_array().and_then(|names| names.iter().map(named).collect::<Option<Vec<_>>>());
        let names = names.ok_or_else(|| format!("{} is no list of names of groups", role.as_str()))?;
        for name in names {
            groups.add(name, role);
        }
    }
    Ok(groups)
}

/// Whether anybody can have a directory behind this issuer of Entra, and name groups in it as they like.
pub(super) fn is_anybodys(issuer: &str) -> bool {
    ["/organizations/", "/common/", "/consumers/"].iter().any(|all| issuer.contains(all))
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeeper_domain::identity::Groups;

    fn of(text: &str) -> Result<StaffGroups, String> {
        staff_groups(&text.parse::<toml::Table>().unwrap()["staff_groups"])
    }

    #[test]
    fn groups_stand_below_their_roles() {
        let groups =
            of("staff_groups = { operator = [\"db-team\"], viewer = [\"support\", \"db-team\"] }").unwrap();
        let role = |group: &str| groups.role_of(&Groups::Listed(vec![group.into()]));
        assert_eq!(role("db-team"), Some(StaffRole::Operator));
        assert_eq!(role("support"), Some(StaffRole::Viewer));
        assert!(of("staff_groups = {}").unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, said) in [
            ("[\"db-team\"]", "no table of roles"),
            ("\"db-team\"", "no table of roles"),
            ("{ admin = [\"db-team\"] }", "`admin` is none of the roles"),
            ("{ Operator = [\"db-team\"] }", "`Operator` is none of the roles"),
            ("{ operator = \"db-team\" }", "operator is no list"),
            ("{ operator = [1] }", "operator is no list"),
            ("{ operator = [\" \"] }", "operator is no list"),
        ] {
            let found = of(&format!("staff_groups = {text}")).unwrap_err();
            assert!(found.contains(said), "{text}: {found}");
        }
        assert!(is_anybodys("https://login.microsoftonline.com/organizations/v2.0"));
        assert!(!is_anybodys("https://login.microsoftonline.com/8a0c3f5e-1111-4222-8333-444455556666/v2.0"));
    }
}
