//! The page to which a sign-in leads back.

use innkeeper_domain::routes::Page;
use std::fmt;

/// Where a sign-in leads: the path of a page of this portal, never a URL.
///
/// An allow-list of characters instead of a list of tricks: `/`-separated parts of `a-z`, `0-9`, `_` and `-`. So there
/// is no second slash, no backslash, no dot, no percent sign, no colon, no control character and no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnTo(String);

impl ReturnTo {
    /// The longest path, in bytes.
    const MOST: usize = 200;

    /// Parses a path; whatever is not the path of a page is the front page.
    pub fn parse(path: &str) -> Self {
        Self(if Self::is_page(path) { path.into() } else { Page::Landing.to_string() })
    }

    fn is_page(path: &str) -> bool {
        let Some(rest) = path.strip_prefix('/').filter(|_| path.len() <= Self::MOST) else { return false };
        let plain = |part: &str| {
            !part.is_empty() && part.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-'))
        };
        (rest.is_empty() || rest.split('/').all(plain))
            && Page::parse(path).is_some_and(|page| page.is_return_target())
    }

    /// The path; begins with one slash.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn own_pages_are_kept() {
        for own in [
            "/",
            "/sign-up/database",
            "/sign-up/review",
            "/t/shop_k3v9x2",
            "/t/shop_k3v9x2/handoff",
            "/o/acme-2/sign-in",
        ] {
            assert_eq!(ReturnTo::parse(own).as_str(), own);
        }
    }

    #[test]
    fn nothing_leads_out_of_the_portal_or_in_circles() {
        for bad in [
            "",
            " ",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/%5cevil.example",
            "/%5Cevil.example",
            "/%2f/evil.example",
            "/%2Fevil.example",
            "/%09/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "\t//evil.example",
            " //evil.example",
            "/..//evil.example",
            "/../evil",
            "/./t",
            "/.evil.example",
            "/@evil.example",
            "/t//evil",
            "/t/",
            "https:evil.example",
            "https://evil.example",
            "https:/evil.example",
            "HTTPS://evil.example",
            "//portal.example@evil.example",
            "https://portal.example/t",
            "javascript:alert(1)",
            "/javascript:alert(1)",
            "data:text/html,x",
            "/t\r\nLocation: https://evil.example",
            "/t%0d%0aLocation:https://evil.example",
            "/t\0",
            "/t?next=//evil.example",
            "/t#//evil.example",
            "/t;evil",
            "/\u{2044}evil.example",
            "/\u{ff0f}evil.example",
            "/\u{202e}evil",
            "/\u{3002}evil",
            "sign-up/database",
            "/T/Shop",
            "/sign-in",
            "/sign-in/again",
            "/verify",
            "/do/sign-out",
            "/api/v1",
            "/dev/mailbox",
            "/t/shop_k3v9x2/events",
            "/nowhere",
        ] {
            assert_eq!(ReturnTo::parse(bad).as_str(), "/", "{bad:?}");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(200))).as_str(), "/");
    }

    /// What a browser makes of a Location, as far as leaving the origin goes (WHATWG URL, 4.4): tabs and line ends
    /// go, backslashes are slashes, two slashes begin a host, and a scheme ends with a colon.
    fn leaves_the_origin(location: &str) -> bool {
        let seen: String = location
            .trim_matches(|c: char| c <= ' ')
            .chars()
            .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
            .map(|c| if c == '\\' { '/' } else { c })
            .collect();
        !seen.starts_with('/') || seen.starts_with("//")
    }

    proptest! {
        #[test]
        fn whatever_is_typed_stays_in_the_portal(
            path in prop_oneof![
                ".{0,40}",
                "[/\\\\.%a-zA-Z0-9:@?#;\t\r\n -]{0,40}",
                "/{0,3}(%2f|%5c|%09|%0d%0a|\\\\|\\.\\.|javascript:|https:|evil\\.example|t|/){0,8}",
            ],
        ) {
            let parsed = ReturnTo::parse(&path);
            prop_assert!(!leaves_the_origin(parsed.as_str()), "{}", parsed);
            prop_assert!(parsed.as_str().bytes().all(|b| b.is_ascii_graphic()));
            prop_assert_eq!(ReturnTo::parse(parsed.as_str()), parsed.clone());
            prop_assert!(parsed.as_str() == "/" || parsed.as_str() == path);
        }
    }
}
