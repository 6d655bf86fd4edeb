use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of an organisation at GitHub as it stands in addresses, in lower case, since GitHub tells no case apart: 39
/// letters, digits and dashes at most. It can be given to somebody else; the organisation's number cannot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct GitHubLogin(String);

/// A text that is no such name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "This is not the name of a GitHub organisation. Enter the part after github.com/ in its URL, for example acme."
)]
pub struct GitHubLoginError;

impl GitHubLogin {
    /// Parses what was typed.
    pub fn parse(typed: &str) -> Result<Self, GitHubLoginError> {
        let name = typed.trim_matches([' ', '\t']);
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let right = (1..=39).contains(&name.len()) && name.bytes().all(inner) && !name.starts_with('-');
        right.then(|| Self(name.to_ascii_lowercase())).ok_or(GitHubLoginError)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GitHubLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<GitHubLogin> for String {
    fn from(login: GitHubLogin) -> Self {
        login.0
    }
}

impl TryFrom<String> for GitHubLogin {
    type Error = GitHubLoginError;
    fn try_from(text: String) -> Result<Self, GitHubLoginError> {
        Self::parse(&text)
    }
}

/// An organisation at GitHub, as one of its owners sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubOrganisation {
    /// Its number, which stays when its name is given to somebody else.
    pub number: i64,
    /// Its name.
    pub login: GitHubLogin,
    /// Its teams.
    pub teams: Vec<GitHubTeam>,
}

impl GitHubOrganisation {
    /// The group of all its people.
    pub fn everybody(number: i64) -> String {
        format!("organisation:{number}")
    }

    /// What the groups of its teams begin with.
    pub fn teams_of(number: i64) -> String {
        format!("team:{number}/")
    }
}

/// A team of an organisation at GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitHubTeam {
    /// Its number: whoever may make teams could give a team's name to one of their own once it is free.
    pub number: i64,
    /// Its name.
    pub name: String,
}

impl GitHubTeam {
    /// The group of the people of a team, by the numbers of its organisation and its own.
    pub fn group(organisation: i64, number: i64) -> String {
        format!("{}{number}", GitHubOrganisation::teams_of(organisation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_one_part_of_a_path() {
        for (typed, name) in [("acme", "acme"), (" Acme-Corp ", "acme-corp"), ("a_b", "a_b"), ("9", "9")] {
            assert_eq!(GitHubLogin::parse(typed).map(String::from), Ok(name.to_owned()));
        }
        for wrong in [
            "",
            " ",
            "-acme",
            "a/b",
            "..",
            "a.b",
            "a b",
            "ä",
            "a?b",
            "a%2fb",
            "github.com/acme",
            &"a".repeat(40),
        ] {
            assert_eq!(GitHubLogin::parse(wrong), Err(GitHubLoginError), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_parses_needs_no_escaping(text in ".{0,45}") {
            if let Ok(login) = GitHubLogin::parse(&text) {
                prop_assert!(login.as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
                prop_assert_eq!(GitHubLogin::parse(login.as_str()), Ok(login));
            }
        }
    }
}
