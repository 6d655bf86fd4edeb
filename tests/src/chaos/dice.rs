//! Drawing by a seed: the same seed draws the same, whatever else goes on.

use std::time::Duration;

/// A generator of its own for each who draws (`SplitMix64`: Steele, Lea, Flood 2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The dice of one who draws; others by the same seed draw otherwise.
    pub fn new(seed: u64, who: &str) -> Self {
        // FNV-1a keeps names apart.
        let mark = who.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        Self(seed ^ mark)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// One of these, if there are any.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() { None } else { of.get(self.below(of.len())) }
    }

    /// True so many times in a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A time between these, in milliseconds.
    pub fn pause(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.next() % (to - from))
    }

    /// In another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Dice;

    fn draws(seed: u64, who: &str) -> Vec<usize> {
        let mut dice = Dice::new(seed, who);
        (0..20).map(|_| dice.below(1000)).collect()
    }

    #[test]
    fn a_seed_draws_the_same_again_and_everybody_otherwise() {
        assert_eq!(draws(7, "jane"), draws(7, "jane"));
        assert_ne!(draws(7, "jane"), draws(7, "john"));
        assert_ne!(draws(7, "jane"), draws(8, "jane"));
    }

    #[test]
    fn shuffling_keeps_all() {
        let mut cards: Vec<_> = (0..50).collect();
        Dice::new(1, "cards").shuffle(&mut cards);
        assert_ne!(cards, (0..50).collect::<Vec<_>>());
        cards.sort_unstable();
        assert_eq!(cards, (0..50).collect::<Vec<_>>());
    }
}
