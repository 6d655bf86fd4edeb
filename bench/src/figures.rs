//! Figures: samples, and what they are held against.

/// Times in seconds, or rates.
#[derive(Debug, Default, Clone)]
pub struct Sample(Vec<f64>);

impl Sample {
    /// One more.
    pub fn push(&mut self, value: f64) {
        let at = self.0.partition_point(|other| *other < value);
        self.0.insert(at, value);
    }

    /// The middle.
    pub fn median(&self) -> f64 {
        let middle = self.0.len() / 2;
        match self.0.len() {
            0 => f64::NAN,
            odd if odd % 2 == 1 => self.0[middle],
            _ => f64::midpoint(self.0[middle - 1], self.0[middle]),
        }
    }

    /// The smallest value that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

/// What a figure has to be.
#[derive(Debug, Clone, Copy)]
pub enum Bound {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// A figure held against a bound.
#[derive(Debug)]
pub struct Goal {
    /// In words.
    pub what: &'static str,
    /// As measured.
    pub measured: f64,
    /// As wanted.
    pub bound: Bound,
}

impl Goal {
    /// Whether it is reached.
    pub fn met(&self) -> bool {
        match self.bound {
            Bound::AtMost(most) => self.measured <= most,
            Bound::AtLeast(least) => self.measured >= least,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_those_of_the_sample() {
        let mut sample = Sample::default();
        (1..=20).rev().for_each(|value| sample.push(f64::from(value)));
        assert_eq!(format!("{} {}", sample.median(), sample.percentile(95)), "10.5 19");
        sample.push(0.0);
        assert_eq!(format!("{} {}", sample.median(), sample.percentile(100)), "10 20");
    }
}
