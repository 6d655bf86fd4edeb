//! Lists by pages: what one page holds, and the cursor where it ended. A text that is no cursor of the list leads to its first page.

use innkeeper_domain::name::TenantName;
use time::OffsetDateTime;
use uuid::Uuid;

/// Longer than any name or organisation that could be found.
const LONGEST_SEARCH: usize = 100;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one. Opaque.
    pub next: Option<String>,
    /// How many rows there are on all pages.
    pub total: i64,
}

impl<T> Page<T> {
    /// Makes a page of rows of which one more than `size` was asked for; `end` names a row's cursor.
    pub(crate) fn cut(mut items: Vec<T>, size: usize, total: i64, end: impl Fn(&T) -> String) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(end);
        Self { items, next, total }
    }
}

/// One row more than a page has: tells whether there is a next one.
pub(crate) fn one_more(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX - 1) + 1
}

/// The pattern of ILIKE that finds the text anywhere; what ILIKE would take for a sign of its own stands for itself.
pub(crate) fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    // PostgreSQL's text has no NUL.
    for c in search.trim().chars().take(LONGEST_SEARCH).filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The cursor behind a row of a list in the order of time.
pub fn by_time(at: OffsetDateTime, id: Uuid) -> String {
    // PostgreSQL keeps microseconds.
    format!("c.{}.{}", at.unix_timestamp_nanos() / 1000, id.simple())
}

/// Reads what [`by_time`] wrote.
pub fn time(text: &str) -> Option<(OffsetDateTime, Uuid)> {
    let (micros, id) = text.strip_prefix("c.")?.split_once('.')?;
    // Unsigned, because times before 1970 are none of ours and those before -4713 are not PostgreSQL's.
    let micros: u64 = micros.parse().ok()?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(micros) * 1000).ok()?;
    Some((at, Uuid::try_parse(id).ok()?))
}

/// The cursor behind a row of a list in the order of names.
pub fn by_name(name: &str) -> String {
    format!("n.{name}")
}

/// Reads what [`by_name`] wrote.
pub fn name(text: &str) -> Option<String> {
    TenantName::parse(text.strip_prefix("n.")?).ok().map(|name| name.as_str().to_owned())
}

/// The cursor behind a row of a list in the order of any text.
pub fn by_text(text: &str, id: Uuid) -> String {
    format!("x.{}.{text}", id.simple())
}

/// Reads what [`by_text`] wrote.
pub fn text(cursor: &str) -> Option<(String, Uuid)> {
    let (id, text) = cursor.strip_prefix("x.")?.split_once('.')?;
    // PostgreSQL's text has no NUL.
    (!text.contains('\0')).then_some((text.to_owned(), Uuid::try_parse(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn each_cursor_reads_back_and_nothing_else_does() {
        let (at, id) = (datetime!(2026-11-21 12:00:00.123456 UTC), Uuid::from_u128(7));
        assert_eq!(time(&by_time(at, id)), Some((at, id)));
        assert_eq!(name(&by_name("shop_k3v9x2")).as_deref(), Some("shop_k3v9x2"));
        for bad in [
            "",
            "c.",
            "c.1",
            "c.1.x",
            "c.-1.00000000000000000000000000000007",
            "n.",
            "n.'",
            "n.shop",
            "é",
            "c.99999999999999999999.1",
        ] {
            assert_eq!((time(bad), name(bad)), (None, None), "{bad}");
        }
        assert_eq!(text(&by_text("jane.d@acme.example", id)), Some(("jane.d@acme.example".into(), id)));
        for bad in ["", "x.", "x.1.a", &by_text("\0", id), &by_time(at, id)] {
            assert_eq!(text(bad), None, "{bad:?}");
        }
        let beyond = format!("c.{}.{}", u64::MAX, id.simple());
        assert_eq!(time(&beyond), None, "past the year 9999");
        assert_eq!(
            (time(&by_name("shop_k3v9x2")), name(&by_time(at, id))),
            (None, None),
            "of the other order"
        );
    }
}
