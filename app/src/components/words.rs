//! Numbers and times in words.

mod runs;

pub use runs::{doing, run_kind, step};

use innkeeper_domain::allowlist::Reach;
use time::OffsetDateTime;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `21 November 2026, 01:20 UTC`.
pub fn moment(at: OffsetDateTime) -> String {
    format!("{}, {}", day(at), clock(at))
}

/// `21 November 2026`.
pub fn day(at: OffsetDateTime) -> String {
    format!("{} {}", day_and_month(at), at.to_offset(time::UtcOffset::UTC).year())
}

/// `21 November`.
pub fn day_and_month(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{} {}", at.day(), MONTHS[usize::from(u8::from(at.month())) - 1])
}

/// `01:20 UTC`.
pub fn clock(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02} UTC", at.hour(), at.minute())
}

/// `01:20:07 UTC`.
pub fn clock_seconds(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!("{:02}:{:02}:{:02} UTC", at.hour(), at.minute(), at.second())
}

/// For machines: RFC 3339, whole seconds.
pub fn stamp(at: OffsetDateTime) -> String {
    let at = at.to_offset(time::UtcOffset::UTC);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// A length of time: `40 ms`, `0.3 s`, `12 s`, `2 min 5 s`.
pub fn seconds(length: f64) -> String {
    let length = length.max(0.0);
    if length < 0.095 {
        return format!("{:.0} ms", length * 1000.0);
    }
    if length < 9.95 {
        return format!("{length:.1} s");
    }
    // Runs end within days: far below what an i64 of seconds holds.
    #[expect(clippy::cast_possible_truncation, reason = "seconds of a run, rounded")]
    let whole = length.round() as i64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s} s"),
        (0, m, s) => format!("{m} min {s} s"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

/// How long something still takes, in its two largest units: `6 days 23 hours`, `4 minutes`.
pub fn left(length: time::Duration) -> String {
    let parts = [
        (length.whole_days(), "day", "days"),
        (length.whole_hours() % 24, "hour", "hours"),
        (length.whole_minutes() % 60, "minute", "minutes"),
    ];
    let said = |(number, one, many): (i64, &str, &str)| {
        usize::try_from(number).ok().filter(|number| *number > 0).map(|number| count(number, one, many))
    };
    // Nobody plans by the minutes of days.
    let of_days = if length.whole_days() > 0 { 2 } else { 3 };
    let words: Vec<_> = parts.into_iter().take(of_days).filter_map(said).collect();
    if words.is_empty() { "less than a minute".into() } else { words.join(" ") }
}

/// Names in a sentence: `a`, `a or b`, `a, b or 3 more`.
pub fn any_of(names: &[String]) -> String {
    match names {
        [] => "nobody".into(),
        [one] => one.clone(),
        [one, two] => format!("{one} or {two}"),
        [one, two, three] => format!("{one}, {two} or {three}"),
        [one, two, rest @ ..] => format!("{one}, {two} or {} more", rest.len()),
    }
}

/// A size with its unit: `8.1 MB`.
pub fn bytes(bytes: i64) -> String {
    let (number, unit) = size(bytes);
    format!("{number} {unit}")
}

/// A size and its unit: `8.1`, `MB`. Powers of 1024, as PostgreSQL counts.
pub fn size(bytes: i64) -> (String, &'static str) {
    let bytes = bytes.max(0);
    let (unit, name) = match bytes {
        0..1024 => return (bytes.to_string(), "bytes"),
        1024..1_048_576 => (1024, "kB"),
        1_048_576..1_073_741_824 => (1_048_576, "MB"),
        _ => (1_073_741_824, "GB"),
    };
    let tenths = bytes.saturating_mul(10) / unit;
    (
        if tenths >= 1000 { (tenths / 10).to_string() } else { format!("{}.{}", tenths / 10, tenths % 10) },
        name,
    )
}

/// A share in words: `12 %`.
pub fn percent_of(part: i64, whole: i64) -> String {
    format!("{} %", super::meter::percent(part, whole))
}

/// A number of things: `1 step`, `3 steps`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// From where connections are let in, one a line.
pub fn reach_lines(reach: &Reach) -> Vec<String> {
    match reach {
        Reach::Anywhere => vec!["All IP addresses".into()],
        Reach::Only(ranges) => ranges.iter().map(ToString::to_string).collect(),
    }
}

/// From where connections are let in, in a sentence: `from 203.0.113.24 or 198.51.100.0/28`.
pub fn reach_phrase(reach: &Reach) -> String {
    let lines = reach_lines(reach);
    match lines.as_slice() {
        _ if *reach == Reach::Anywhere => "from any IP address".into(),
        [] => "from no IP address".into(),
        [one] => format!("from {one}"),
        [one, two] => format!("from {one} or {two}"),
        [one, two, rest @ ..] => {
            format!("from {one}, {two} or {} more", count(rest.len(), "range", "ranges"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_are_utc() {
        let at = datetime!(2026-11-21 02:05:09 +01:00);
        assert_eq!(moment(at), "21 November 2026, 01:05 UTC");
        assert_eq!(clock_seconds(at), "01:05:09 UTC");
        assert_eq!(stamp(at), "2026-11-21T01:05:09Z");
    }

    #[test]
    fn lengths_and_sizes() {
        assert_eq!(
            [seconds(0.04), seconds(9.9), seconds(12.4), seconds(125.0), seconds(7260.0)],
            ["40 ms", "9.9 s", "12 s", "2 min 5 s", "2 h 1 min"]
        );
        assert_eq!(
            [size(5), size(2048), size(8_500_000), size(250 << 30)].map(|(n, u)| format!("{n} {u}")),
            ["5 bytes", "2.0 kB", "8.1 MB", "250 GB"]
        );
    }

    #[test]
    fn what_is_left_is_said_in_two_units() {
        use time::Duration;
        let day = Duration::DAY;
        assert_eq!(
            [
                left(day * 7),
                left(day + Duration::hours(1) + Duration::minutes(59)),
                left(Duration::hours(3) + Duration::minutes(1)),
                left(Duration::seconds(59)),
                left(-day),
            ],
            ["7 days", "1 day 1 hour", "3 hours 1 minute", "less than a minute", "less than a minute"]
        );
    }

    #[test]
    fn many_names_are_cut() {
        let names: Vec<_> = ["a", "b", "c", "d"].map(String::from).into();
        assert_eq!(
            [0, 1, 2, 3, 4].map(|count| any_of(&names[..count])),
            ["nobody", "a", "a or b", "a, b or c", "a, b or 2 more"]
        );
    }
}
