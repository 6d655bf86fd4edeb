//! Work that is done every so often, and when each was last done.

use crate::Result;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// When each piece of periodic work of this process last succeeded, by its name; for the health check.
#[derive(Debug, Clone, Default)]
pub struct LastRuns(Arc<Mutex<BTreeMap<&'static str, Instant>>>);

impl LastRuns {
    /// How long ago each succeeded that has succeeded once, by its name.
    pub fn ages(&self) -> BTreeMap<&'static str, Duration> {
        let last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.iter().map(|(name, at)| (*name, at.elapsed())).collect()
    }

    /// Periodic work of this name, at once and then each `period`.
    pub fn every(&self, name: &'static str, period: Duration) -> Every {
        let mut tick = interval(period);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Every { last: self.clone(), name, tick }
    }
}

/// The rounds of periodic work. After a round that takes longer than the period the next one begins a period later.
#[derive(Debug)]
pub struct Every {
    last: LastRuns,
    name: &'static str,
    tick: Interval,
}

impl Every {
    /// Waits for the next round.
    pub async fn next(&mut self) {
        self.tick.tick().await;
    }

    /// Notes how a round ended. What failed is logged by its name, and done again with the next round.
    pub fn ended<T>(&self, outcome: Result<T>) -> Option<T> {
        match outcome {
            Ok(found) => {
                self.last.0.lock().unwrap_or_else(PoisonError::into_inner).insert(self.name, Instant::now());
                Some(found)
            }
            Err(error) => {
                let seconds = self.tick.period().as_secs();
                tracing::error!(%error, work = self.name, "periodic work failed; trying again in {seconds} s");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[tokio::test]
    async fn only_a_round_that_succeeds_is_noted() {
        let last = LastRuns::default();
        let mut every = last.every("work", Duration::from_millis(1));
        every.next().await;
        assert_eq!(every.ended::<()>(Err(Error::Step("not yet".into()))), None);
        assert!(last.ages().is_empty());
        every.next().await;
        assert_eq!(every.ended(Ok(7)), Some(7));
        assert!(last.ages().contains_key("work"));
    }
}
