use super::pattern::WITH_SLASHES;
use percent_encoding::utf8_percent_encode;
use std::fmt;

/// A path with one more value in its query, encoded (RFC 3986, section 3.4).
pub fn with_query(path: &str, name: &str, value: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{name}={}", utf8_percent_encode(value, WITH_SLASHES))
}

/// A page with values in its query. What stands there may be a token: `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Link(String);

impl Link {
    /// A link to a path that is encoded already.
    pub(super) fn to(path: String) -> Self {
        Self(path)
    }

    /// The same with one more value in its query.
    #[must_use]
    pub fn with(&self, name: &str, value: impl fmt::Display) -> Self {
        Self(with_query(&self.0, name, &value.to_string()))
    }

    /// The whole URL, for who is elsewhere.
    pub fn absolute(&self, public_url: &str) -> String {
        format!("{public_url}{self}")
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.0
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.split('?').next().unwrap_or_default())
    }
}
