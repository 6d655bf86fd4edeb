//! The machine's clock and randomness: the one place where they are asked.

use innkeeper_domain::ports::{Clock, Random};
use time::OffsetDateTime;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that the rest is given")]
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc()
    }
}

/// The kernel's random bytes (`getrandom(2)`), fit for keys.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    /// # Panics
    /// When the system gives no randomness: nothing that needs keys may go on without it.
    #[expect(clippy::disallowed_methods, reason = "this is the adapter that the rest is given")]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the operating system gives no random bytes (getrandom): {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_bytes_fill_the_slice_and_differ() {
        let mut draws = [[0; 32]; 2];
        for draw in &mut draws {
            OsRandom.fill(draw);
        }
        assert_ne!(draws[0], draws[1]);
        // 16 zeros in a row: once in 2^128.
        assert!(draws.iter().all(|draw| draw[..16] != [0; 16] && draw[16..] != [0; 16]));
    }

    #[test]
    fn the_clock_is_in_utc_and_goes_on() {
        let first = SystemClock.now();
        assert!(first.offset().is_utc() && first.year() >= 2025);
        assert!(SystemClock.now() >= first);
    }
}
