//! Names: what a customer wishes a database to be called, and what it is called on the server.

use crate::{system::Random, tenant::TenantRole, text};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Letters and digits of which no two look alike; 32 of them, so each carries five bits.
const PLAIN: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Draws `count` characters of `a-z2-9` without `l` and `o`.
pub fn draw_plain(random: &dyn Random, count: usize) -> String {
    let mut bytes = vec![0; count];
    random.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(PLAIN[usize::from(byte % 32)])).collect()
}

/// Why a wished name is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// Nothing typed.
    #[error("Enter a name for the database, such as shop.")]
    Empty,
    /// More than fits.
    #[error("{0} characters are too many. Use {most} at most.", most = Wish::MOST)]
    TooLong(usize),
    /// Does not begin with a letter.
    #[error("A name must start with a letter from a to z. Try {0}.")]
    Start(String),
    /// A character outside the alphabet.
    #[error("“{found}” cannot be used. Use the letters a to z, digits and _. Try {try_this}.")]
    Character {
        /// The first such character, or its code point where it cannot be seen.
        found: String,
        /// A name near to what was typed.
        try_this: String,
    },
    /// A beginning that PostgreSQL or the portal keeps for itself.
    #[error("Names that start with {0} are reserved for the server. Choose another name.")]
    Reserved(&'static str),
}

/// What a customer wants the database to be called: a label, unique within the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Wish(String);

impl Wish {
    /// The longest wish, in characters.
    pub const MOST: usize = 20;
    const RESERVED: [&'static str; 2] = ["pg_", "innkeeper"];

    /// Parses what was typed: small letters, digits and `_`, beginning with a letter.
    pub fn parse(input: &str) -> Result<Self, WishError> {
        let typed = input.trim_matches([' ', '\t']);
        if typed.is_empty() {
            return Err(WishError::Empty);
        }
        if let Some(bad) = typed.chars().find(|c| !matches!(c, 'a'..='z' | '0'..='9' | '_')) {
            let found =
                if text::is_hidden(bad) { format!("U+{:04X}", u32::from(bad)) } else { bad.to_string() };
            return Err(WishError::Character { found, try_this: Self::suggest(typed).0 });
        }
        if typed.len() > Self::MOST {
            return Err(WishError::TooLong(typed.len()));
        }
        if !typed.starts_with(|c: char| c.is_ascii_lowercase()) {
            return Err(WishError::Start(Self::suggest(typed).0));
        }
        match Self::RESERVED.into_iter().find(|kept| typed.starts_with(kept)) {
            Some(kept) => Err(WishError::Reserved(kept)),
            None => Ok(Self(typed.into())),
        }
    }

    /// A wish near to any text; `main` where nothing of it can be used.
    pub fn suggest(near: &str) -> Self {
        let mut slug = String::new();
        for c in near.chars().flat_map(char::to_lowercase) {
            match c {
                'a'..='z' | '0'..='9' if slug.len() < Self::MOST => slug.push(c),
                ' ' | '-' | '_' | '.'
                    if !slug.is_empty() && !slug.ends_with('_') && slug.len() < Self::MOST =>
                {
                    slug.push('_');
                }
                _ => {}
            }
        }
        let slug = slug.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('_');
        Self::parse(slug).unwrap_or_else(|_| Self("main".into()))
    }

    /// The wish.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Wish> for String {
    fn from(wish: Wish) -> String {
        wish.0
    }
}

impl TryFrom<String> for Wish {
    type Error = WishError;
    fn try_from(text: String) -> Result<Self, WishError> {
        Self::parse(&text)
    }
}

/// A text that is not the name of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the name of a tenant")]
pub struct NameError;

/// A tenant's own name: its database, the beginning of its roles' names, and its pages' `/t/<name>`.
///
/// A wish, `_`, and six drawn characters. Only `a-z`, `0-9` and `_`, 27 characters at most, so that it and its
/// roles fit PostgreSQL's 63 bytes and can stand in `pg_hba.conf` and SQL without meaning anything else.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct TenantName(String);

impl TenantName {
    /// Draws a name for a wish; a unique index decides whether it is free.
    pub fn draw(wish: &Wish, random: &dyn Random) -> Self {
        Self(format!("{wish}_{}", draw_plain(random, 6)))
    }

    /// Parses a name that was drawn before.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (wish, tail) = text.rsplit_once('_').ok_or(NameError)?;
        let drawn = tail.len() == 6 && tail.bytes().all(|b| PLAIN.contains(&b));
        match Wish::parse(wish) {
            Ok(parsed) if drawn && parsed.as_str() == wish => Ok(Self(text.into())),
            _ => Err(NameError),
        }
    }

    /// The name: also the database and its connect group.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The login role of this tenant for a use.
    pub fn role(&self, role: TenantRole) -> String {
        format!("{}_{}", self.0, role.as_str())
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> String {
        name.0
    }
}

impl TryFrom<String> for TenantName {
    type Error = NameError;
    fn try_from(text: String) -> Result<Self, NameError> {
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

    #[test]
    fn wishes_are_small_letters_digits_and_underscores() {
        assert_eq!(Wish::parse(" shop ").unwrap().as_str(), "shop");
        assert_eq!(Wish::parse(""), Err(WishError::Empty));
        assert_eq!(Wish::parse("pg_shop"), Err(WishError::Reserved("pg_")));
        assert_eq!(Wish::parse("innkeeper_x"), Err(WishError::Reserved("innkeeper")));
        assert_eq!(Wish::parse("1shop"), Err(WishError::Start("shop".into())));
        assert_eq!(Wish::parse(&"a".repeat(21)), Err(WishError::TooLong(21)));
        let refused = Wish::parse("My Shop").unwrap_err().to_string();
        assert!(refused.contains("Try my_shop"), "{refused}");
        for bad in ["a\"b", "a'b", "a\nb", "a;b", "a-b", "a\u{202e}b", "caf\u{e9}", "a\\b", "+a", "/a"] {
            assert!(matches!(Wish::parse(bad), Err(WishError::Character { .. })), "{bad:?}");
        }
    }

    #[test]
    fn a_tenant_is_named_by_wish_and_draw() {
        let name = TenantName::draw(&Wish::parse("shop").unwrap(), &Zeros);
        assert_eq!(name.as_str(), "shop_aaaaaa");
        assert_eq!(name.role(TenantRole::ReadOnly), "shop_aaaaaa_readonly");
        assert_eq!(TenantName::parse("shop_aaaaaa"), Ok(name));
        for bad in [
            "shop",
            "shop_aaaaa",
            "shop_aaaaal",
            "_aaaaaa",
            "pg_x_aaaaaa",
            "Shop_aaaaaa",
            "shop_aaaaaa ",
            " shop_aaaaaa",
        ] {
            assert!(TenantName::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_suggestion_is_a_wish(s in ".{0,60}") {
            let wish = Wish::suggest(&s);
            prop_assert_eq!(Wish::parse(wish.as_str()), Ok(wish.clone()));
        }

        #[test]
        fn every_name_is_plain_and_short(s in "[a-z][a-z0-9_]{0,19}") {
            if let Ok(wish) = Wish::parse(&s) {
                let name = TenantName::draw(&wish, &Zeros);
                prop_assert!(name.as_str().len() <= 27);
                prop_assert_eq!(TenantName::parse(name.as_str()), Ok(name.clone()));
            }
        }
    }
}
