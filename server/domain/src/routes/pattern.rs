//! Patterns of paths: `{name}` stands for one segment, `{*name}` for one or more at the end.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::fmt;

/// All but what RFC 3986 leaves unreserved (section 2.3) is encoded in a segment.
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// In a query, and where a value is several segments, the slash stays as well.
pub(super) const WITH_SLASHES: &AsciiSet = &IN_SEGMENT.remove(b'/');

/// What of a path stands for the pattern's names, decoded; none where the path is of another shape.
pub(super) fn values(pattern: &str, path: &str) -> Option<Vec<String>> {
    let decoded = |text: &str| {
        let plain = !text.is_empty() && !text.contains(['?', '#']);
        plain.then(|| percent_decode_str(text).decode_utf8().ok().map(Into::into)).flatten()
    };
    let mut found = Vec::new();
    let (mut pattern, mut rest) = (pattern.split('/'), Some(path));
    loop {
        let Some(part) = pattern.next() else { return rest.is_none().then_some(found) };
        if part.starts_with("{*") {
            found.push(decoded(rest?)?);
            return Some(found);
        }
        let (text, after) = rest?.split_once('/').map_or((rest?, None), |(text, after)| (text, Some(after)));
        if part.starts_with('{') {
            found.push(decoded(text)?);
        } else if part != text {
            return None;
        }
        rest = after;
    }
}

/// Writes a pattern with these values for its names, encoded.
pub(super) fn write(pattern: &str, values: &[&str], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut values = values.iter();
    for (n, part) in pattern.split('/').enumerate() {
        if n > 0 {
            f.write_str("/")?;
        }
        match values.as_slice() {
            [value, ..] if part.starts_with('{') => {
                let kept = if part.starts_with("{*") { WITH_SLASHES } else { IN_SEGMENT };
                write!(f, "{}", utf8_percent_encode(value, kept))?;
                values.next();
            }
            _ => f.write_str(part)?,
        }
    }
    Ok(())
}
