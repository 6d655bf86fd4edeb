use super::Groups;
use crate::{
    organisation::MemberRole,
    text::{self, LineError},
};

/// Whom a group makes what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRule {
    /// The group, as the issuer says it; [`GroupRule::EVERYBODY`] for all whom it vouches for.
    pub group: String,
    /// What its people become.
    pub role: MemberRole,
}

impl GroupRule {
    /// Stands for all people of an issuer.
    pub const EVERYBODY: &str = "*";
    /// The longest name of a group, in characters.
    pub const MOST: usize = 200;

    /// Parses a group's name as it was typed.
    pub fn parse_group(typed: &str) -> Result<String, LineError> {
        text::line(typed, Self::MOST)
    }
}

/// What these groups make of a person: the highest role of all that fit. Nothing where none fits, also where groups are
/// not told or too many: who cannot be shown to belong does not.
pub fn role_of(rules: &[GroupRule], groups: &Groups) -> Option<MemberRole> {
    let listed: &[String] = match groups {
        Groups::Listed(listed) => listed,
        Groups::Untold | Groups::TooMany => &[],
    };
    let fits = |rule: &&GroupRule| rule.group == GroupRule::EVERYBODY || listed.contains(&rule.group);
    rules.iter().filter(fits).map(|rule| rule.role).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(group: &str, role: MemberRole) -> GroupRule {
        GroupRule { group: group.into(), role }
    }

    #[test]
    fn the_highest_role_counts_and_nobody_is_guessed_into_one() {
        let rules = [rule("dev", MemberRole::Developer), rule("boss", MemberRole::Admin)];
        let of = |groups: &[&str]| {
            role_of(&rules, &Groups::Listed(groups.iter().map(|&g| g.to_owned()).collect()))
        };
        assert_eq!(of(&["dev", "boss", "x"]), Some(MemberRole::Admin));
        assert_eq!(of(&["dev"]), Some(MemberRole::Developer));
        for none in [&["Dev"][..], &["dev "], &["*"], &[]] {
            assert_eq!(of(none), None, "{none:?}");
        }
        for untold in [Groups::Untold, Groups::TooMany] {
            assert_eq!(role_of(&rules, &untold), None);
        }
    }

    #[test]
    fn everybody_is_also_who_says_no_group() {
        let rules = [rule("*", MemberRole::Auditor), rule("boss", MemberRole::Admin)];
        for groups in [Groups::Untold, Groups::TooMany, Groups::Listed(vec!["x".into()])] {
            assert_eq!(role_of(&rules, &groups), Some(MemberRole::Auditor));
        }
        assert_eq!(role_of(&rules, &Groups::Listed(vec!["boss".into()])), Some(MemberRole::Admin));
    }
}
