//! Exponential backoff: how long to wait after a failure before the next try.

use std::time::Duration;

/// Pauses of which each is twice as long as the one before, up to a longest. A loop copies its constant, and copies it
/// again to begin anew after a success.
#[derive(Debug, Clone, Copy)]
pub struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// From the shortest pause to the longest.
    pub const fn new(shortest: Duration, longest: Duration) -> Self {
        Self { next: shortest, longest }
    }

    /// The pause before the next try; the one after it is longer.
    pub fn pause(&mut self) -> Duration {
        let pause = self.next;
        self.next = (pause * 2).min(self.longest);
        pause
    }

    /// The pause that comes next, which is left as it is.
    pub const fn upcoming(&self) -> Duration {
        self.next
    }

    /// The longest pause.
    pub const fn longest(&self) -> Duration {
        self.longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew_with_a_copy() {
        const PAUSES: Backoff = Backoff::new(Duration::from_millis(300), Duration::from_secs(1));
        let mut backoff = PAUSES;
        let taken: Vec<_> = (0..4).map(|_| backoff.pause().as_millis()).collect();
        assert_eq!(taken, [300, 600, 1000, 1000]);
        backoff = PAUSES;
        assert_eq!((backoff.upcoming().as_millis(), backoff.pause().as_millis()), (300, 300));
    }
}
