//! The one place where a text becomes part of an SQL statement or of a shell command.
//!
//! No such text can hold the character NUL; it is left out, so that it cannot cut a statement short.

use postgres_protocol::escape::{escape_identifier, escape_literal};

/// Quotes a name (PostgreSQL, chapter 4.1.1).
pub fn identifier(name: &str) -> String {
    escape_identifier(&without_nul(name))
}

/// Quotes a constant (PostgreSQL, chapter 4.1.2.2), whatever `standard_conforming_strings` is.
pub fn literal(text: &str) -> String {
    escape_literal(&without_nul(text))
}

/// Quotes a word of a POSIX shell command (POSIX.1-2017, Shell Command Language, 2.2.2).
pub fn shell_word(text: &str) -> String {
    format!("'{}'", without_nul(text).replace('\'', "'\\''"))
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn marks_are_doubled() {
        assert_eq!(identifier("shop_k3v9x2"), "\"shop_k3v9x2\"");
        assert_eq!(identifier("a\"; DROP ROLE b; --"), "\"a\"\"; DROP ROLE b; --\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal("a\\'b"), " E'a\\\\''b'");
        assert_eq!(shell_word("a'b $(c) \"d\""), "'a'\\''b $(c) \"d\"'");
        assert_eq!(literal("a\0b"), "'ab'");
    }

    proptest! {
        #[test]
        fn nothing_ends_a_quotation_early(s in "\\PC*['\"\\\\\n\0]{0,3}\\PC*") {
            let whole = s.replace('\0', "");
            let name = identifier(&s);
            prop_assert_eq!(name[1..name.len() - 1].replace("\"\"", "\u{1}").contains('"'), false);
            prop_assert_eq!(name[1..name.len() - 1].replace("\"\"", "\""), whole.clone());
            let text = literal(&s);
            let inner = text.trim_start_matches(" E");
            let inner = inner[1..inner.len() - 1].replace("\\\\", "\u{1}").replace("''", "\u{2}");
            prop_assert!(!inner.contains(['\'', '\\']));
            prop_assert_eq!(inner.replace('\u{1}', "\\").replace('\u{2}', "'"), whole);
        }

        #[test]
        fn a_shell_gives_back_the_word(s in "\\PC{0,20}['\"\\\\\n$`!]{0,4}\\PC{0,10}") {
            let said = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", shell_word(&s))])
                .output()
                .unwrap();
            prop_assert_eq!(String::from_utf8(said.stdout).unwrap(), s);
        }
    }
}
