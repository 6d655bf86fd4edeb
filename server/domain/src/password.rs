//! Passwords of database roles and other drawn secrets.

use crate::{secret::Secret, system::Random};

/// Letters and digits without `0 O 1 l I`: nothing to escape in any format, nothing to misread.
const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

/// Draws the password of a database role: 24 characters, 139 bits.
pub fn draw_password(random: &dyn Random) -> Secret {
    Secret::new(draw(random, 24))
}

/// Draws a token for a URL or a cookie: 43 characters, 250 bits.
pub fn draw_token(random: &dyn Random) -> Secret {
    Secret::new(draw(random, 43))
}

/// Draws a key to encrypt with: 32 bytes as 64 hexadecimal digits.
pub fn draw_key(random: &dyn Random) -> Secret {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())
}

/// Draws a code to type: six digits.
pub fn draw_code(random: &dyn Random) -> Secret {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    Secret::new(format!("{:06}", u64::from_le_bytes(bytes) % 1_000_000))
}

/// Draws evenly: a byte above the largest multiple of the alphabet is drawn again.
fn draw(random: &dyn Random, count: usize) -> String {
    let even = 256 - 256 % ALPHABET.len();
    let mut text = String::with_capacity(count);
    let mut bytes = [0; 64];
    while text.len() < count {
        random.fill(&mut bytes);
        let drawn = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < even);
        text.extend(drawn.take(count - text.len()).map(|byte| char::from(ALPHABET[byte % ALPHABET.len()])));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn each_character_is_as_likely_as_any_other() {
        let random = Counting(AtomicU8::new(0));
        let text = draw(&random, ALPHABET.len() * 4);
        for c in ALPHABET {
            assert_eq!(text.bytes().filter(|b| b == c).count(), 4, "{}", char::from(*c));
        }
    }

    #[test]
    fn passwords_need_no_escaping() {
        let password = draw_password(&Counting(AtomicU8::new(7)));
        assert_eq!(password.expose().len(), 24);
        assert!(password.expose().bytes().all(|b| b.is_ascii_alphanumeric() && !b"0O1lI".contains(&b)));
        assert_eq!(draw_code(&Counting(AtomicU8::new(7))).expose().len(), 6);
    }
}
