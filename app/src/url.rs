//! Addresses with values in their query.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands as it is in a query: the unreserved characters of RFC 3986, section 2.3, and the slash.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

/// A path with one more value in its query, encoded (RFC 3986, section 3.4).
pub fn with_query(path: &str, name: &str, value: &str) -> String {
    let mark = if path.contains('?') { '&' } else { '?' };
    format!("{path}{mark}{name}={}", utf8_percent_encode(value, KEPT))
}

#[cfg(test)]
mod tests {
    use super::with_query;

    #[test]
    fn queries_are_encoded() {
        assert_eq!(with_query("/sign-in", "return", "/t/shop_k3v9x2"), "/sign-in?return=/t/shop_k3v9x2");
        assert_eq!(with_query("/a?b=c", "d", "x&y=z#ü"), "/a?b=c&d=x%26y%3Dz%23%C3%BC");
    }
}
