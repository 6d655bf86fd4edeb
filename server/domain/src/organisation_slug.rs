//! The address of an organisation's pages.

use crate::{name::draw_plain, organisation::OrganisationName, system::Random};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a slug is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SlugError {
    /// Too short, too long, or a character outside the alphabet.
    #[error(
        "Use {least} to {most} small letters a to z, digits and single hyphens between them. Try {0}.",
        least = OrganisationSlug::LEAST,
        most = OrganisationSlug::MOST
    )]
    Shape(OrganisationSlug),
    /// A word that the portal keeps for itself.
    #[error("“{0}” is reserved. Choose another address.")]
    Reserved(String),
}

/// What stands for an organisation in the addresses of its pages, `/o/<slug>`: 3 to 40 small letters, digits and single
/// hyphens between them. Of one organisation only; a unique index holds that.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct OrganisationSlug(String);

impl OrganisationSlug {
    /// The shortest slug, in characters.
    pub const LEAST: usize = 3;
    /// The longest slug, in characters.
    pub const MOST: usize = 40;
    /// Characters that are drawn behind a slug that is taken.
    const DRAWN: usize = 5;
    /// Words that are, or may become, pages of the portal, or that would let an organisation pass for it.
    const RESERVED: [&'static str; 14] = [
        "account",
        "admin",
        "api",
        "help",
        "new",
        "org",
        "organisation",
        "organisations",
        "settings",
        "sign-in",
        "sign-up",
        "staff",
        "support",
        "system",
    ];

    /// Parses what was typed.
    pub fn parse(typed: &str) -> Result<Self, SlugError> {
        let text = typed.trim_matches([' ', '\t']);
        if Self::RESERVED.contains(&text) {
            return Err(SlugError::Reserved(text.into()));
        }
        Self::given(text)
    }

    /// Parses what an organisation has already, or what stands in an address: a word that was reserved later stays with
    /// who has it.
    pub fn given(text: &str) -> Result<Self, SlugError> {
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        if !(Self::LEAST..=Self::MOST).contains(&text.len()) || !text.split('-').all(plain) {
            return Err(SlugError::Shape(Self::near(text)));
        }
        Ok(Self(text.into()))
    }

    /// The slug of a name: `grosse-ag` of “Größe AG”.
    pub fn of(name: &OrganisationName) -> Self {
        Self::near(name.as_str())
    }

    /// The same with drawn characters behind it, for a slug that is taken.
    #[must_use]
    pub fn suffixed(&self, random: &dyn Random) -> Self {
        let most = Self::MOST - Self::DRAWN - 1;
        Self(format!("{}-{}", cut(&self.0, most), draw_plain(random, Self::DRAWN)))
    }

    /// A slug near to any text; `org-` comes before what would be too short or is reserved.
    fn near(text: &str) -> Self {
        let slug = slug::slugify(text);
        let slug = cut(&slug, Self::MOST);
        if slug.len() >= Self::LEAST && !Self::RESERVED.contains(&slug) {
            return Self(slug.into());
        }
        Self(if slug.is_empty() { "org-1".into() } else { format!("org-{slug}") })
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// At most this many characters of a slug, without a hyphen at the end.
fn cut(slug: &str, most: usize) -> &str {
    slug.get(..most).unwrap_or(slug).trim_end_matches('-')
}

impl fmt::Display for OrganisationSlug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<OrganisationSlug> for String {
    fn from(slug: OrganisationSlug) -> String {
        slug.0
    }
}

impl TryFrom<String> for OrganisationSlug {
    type Error = SlugError;
    fn try_from(text: String) -> Result<Self, SlugError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    fn of(name: &str) -> String {
        OrganisationSlug::of(&OrganisationName::parse(name).unwrap()).to_string()
    }

    #[test]
    fn a_slug_is_drawn_from_a_name() {
        assert_eq!(of("Acme Robotics"), "acme-robotics");
        assert_eq!(of("  Größe & Söhne -- AG!"), "grosse-sohne-ag");
        assert_eq!(of("Łódź"), "lodz");
        assert_eq!(of("ab"), "org-ab");
        assert_eq!(of("New"), "org-new");
        assert_eq!(of("!?"), "org-1");
        assert_eq!(of(&"a".repeat(80)), "a".repeat(40));
        assert_eq!(OrganisationSlug("acme".into()).suffixed(&Zeros).as_str(), "acme-aaaaa");
    }

    #[test]
    fn what_is_typed_is_a_slug_or_refused_in_words() {
        assert_eq!(OrganisationSlug::parse(" acme-2 ").unwrap().as_str(), "acme-2");
        assert_eq!(OrganisationSlug::parse("staff"), Err(SlugError::Reserved("staff".into())));
        let near = SlugError::Shape(OrganisationSlug("my-shop".into()));
        assert_eq!(OrganisationSlug::parse("My Shop"), Err(near.clone()));
        assert!(near.to_string().contains("3 to 40") && near.to_string().ends_with("Try my-shop."), "{near}");
        let long = "a".repeat(41);
        for bad in
            ["", "ab", "-acme", "acme-", "ac--me", "ac_me", "Acme", "café", "a/b", "a.b", "a%2f", &long]
        {
            assert!(matches!(OrganisationSlug::parse(bad), Err(SlugError::Shape(_))), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_has_a_slug_with_and_without_drawn_characters(name in "\\PC{1,80}") {
            if let Ok(name) = OrganisationName::parse(&name) {
                let slug = OrganisationSlug::of(&name);
                for slug in [slug.suffixed(&Zeros), slug] {
                    prop_assert_eq!(OrganisationSlug::parse(slug.as_str()), Ok(slug.clone()));
                }
            }
        }

        #[test]
        fn what_is_refused_gets_a_slug_proposed(typed in ".{0,60}") {
            if let Err(SlugError::Shape(near)) = OrganisationSlug::parse(&typed) {
                prop_assert_eq!(OrganisationSlug::parse(near.as_str()), Ok(near.clone()));
            }
        }
    }
}
