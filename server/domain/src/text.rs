//! The rules every line of text that a person types has to keep.

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing but blanks.
    #[error("Enter a text.")]
    Empty,
    /// Longer than the field allows.
    #[error("{count} characters are too many. Use {most} at most.")]
    TooLong {
        /// Characters typed.
        count: usize,
        /// Characters allowed.
        most: usize,
    },
    /// A character that is invisible, breaks lines or turns the direction of writing.
    #[error("Character {place} is invisible or a line break (U+{code:04X}). Remove it.")]
    Hidden {
        /// Its place, counted from 1.
        place: usize,
        /// Its Unicode code point.
        code: u32,
    },
}

/// Parses one line: blanks around it go, and what cannot be seen is refused.
///
/// Refused are control characters, line and paragraph separators, and the bidirectional and zero-width
/// format characters with which one text can be made to look like another (Unicode UAX 9, UTR 36).
pub fn line(input: &str, most: usize) -> Result<String, LineError> {
    let text = input.trim_matches([' ', '\t']);
    if text.is_empty() {
        return Err(LineError::Empty);
    }
    if let Some((at, hidden)) = text.chars().enumerate().find(|(_, c)| is_hidden(*c)) {
        return Err(LineError::Hidden { place: at + 1, code: u32::from(hidden) });
    }
    match text.chars().count() {
        count if count > most => Err(LineError::TooLong { count, most }),
        _ => Ok(text.to_owned()),
    }
}

/// Whether a character is invisible or changes how its neighbours are shown.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffd}' | '\u{e0000}'..='\u{e0fff}')
}

/// A count with its thousands apart: `30,000`.
pub fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = if count < 0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        let cases =
            [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"), (30_000, "30,000")];
        for (count, text) in cases {
            assert_eq!(thousands(count), text);
        }
    }
    use proptest::prelude::*;

    #[test]
    fn a_line_says_what_is_wrong_with_it() {
        let parse = |s: &str| line(s, 5);
        assert_eq!(parse("  Acme "), Ok("Acme".into()));
        assert_eq!(parse(" \t"), Err(LineError::Empty));
        assert_eq!(parse("abcdef"), Err(LineError::TooLong { count: 6, most: 5 }));
        assert_eq!(parse("a\nb"), Err(LineError::Hidden { place: 2, code: 10 }));
        assert_eq!(parse("a\u{202e}b"), Err(LineError::Hidden { place: 2, code: 0x202e }));
        assert_eq!(parse("żółć™"), Ok("żółć™".into()));
    }

    proptest! {
        #[test]
        fn what_passes_has_nothing_hidden(s in ".{0,40}") {
            if let Ok(text) = line(&s, 20) {
                prop_assert!(!text.is_empty() && text.chars().count() <= 20);
                prop_assert!(!text.chars().any(is_hidden));
                prop_assert_eq!(line(&text, 20), Ok(text.clone()));
            }
        }
    }
}
