//! The body of a form (`application/x-www-form-urlencoded`), as far as it is read before its function is.

/// The first value of a field.
pub(super) fn field(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// Whether all of it is text that PostgreSQL can keep: UTF-8 without NUL.
pub(super) fn is_text(body: &[u8]) -> bool {
    !form_urlencoded::parse(body)
        .any(|(key, value)| [key, value].iter().any(|text| text.contains(['\0', '\u{fffd}'])))
}
