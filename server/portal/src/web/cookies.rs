//! Cookies as browsers send them (RFC 6265, section 4.2).

use cookie::Cookie;
use http::{HeaderMap, HeaderValue, header};

/// The cookies of these lines of a header, as the jar reads them from which the session comes.
pub(super) fn cookies<'a>(
    lines: impl IntoIterator<Item = &'a HeaderValue>,
) -> impl Iterator<Item = Cookie<'a>> {
    let lines = lines.into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(Cookie::split_parse_encoded).filter_map(Result::ok)
}

/// What the browser keeps besides its session: no secrets, and known before sign-in. The first of a name counts.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut cookies = cookies(headers.get_all(header::COOKIE));
    cookies.find(|cookie| cookie.name() == name).map(|cookie| cookie.value().to_owned())
}
