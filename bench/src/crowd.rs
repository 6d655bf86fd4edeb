//! Many customers, eight of them served at once: as soon as one is done the next begins.

use crate::{
    Result,
    figures::Sample,
    ways::{Onboarding, Ways},
};
use futures::StreamExt as _;
use std::time::Instant;

/// How many are served at the same time.
pub const AT_ONCE: usize = 8;
/// How many come in a round.
pub const GUESTS: usize = 16;

/// What was seen of one way in all rounds.
#[derive(Default)]
pub struct Crowd {
    /// Creates a second, one for each round.
    pub rates: Sample,
    /// Seconds of each.
    pub times: Sample,
    /// What went wrong.
    pub errors: Vec<String>,
}

impl Crowd {
    /// Creates a second of the last round.
    fn add(&mut self, times: &[f64], seconds: f64) -> f64 {
        for time in times {
            self.times.push(*time);
        }
        // Sixteen at most.
        let made = u32::try_from(times.len()).map_or(f64::NAN, f64::from);
        self.rates.push(made / seconds);
        made / seconds
    }

    /// A round of Innkeeper, with a slot ready for each customer at its beginning and the pool refilling meanwhile. By
    /// the control database's clock, from the first that was accepted to the last that was ready.
    pub async fn innkeeper(&mut self, ways: &Ways<'_>) -> Result<(f64, Vec<Onboarding>)> {
        ways.pool.keep(GUESTS).await?;
        let coming = futures::stream::iter(0..GUESTS).map(|_| ways.innkeeper.comes());
        let customers: Vec<_> = coming.buffer_unordered(AT_ONCE).collect().await;
        ways.server.settle().await?;
        let serving = futures::stream::iter(customers).map(|customer| ways.innkeeper.serve(customer));
        let served: Vec<_> = serving.buffer_unordered(AT_ONCE).collect().await;
        // The next one in the round shall not pay for the slots that are made anew.
        ways.pool.keep(GUESTS).await?;
        let mut made = Vec::new();
        for one in served {
            match one {
                Ok(name) => made.push(ways.innkeeper.onboarding(&name).await?),
                Err(error) => self.errors.push(error.to_string()),
            }
        }
        let first = made.iter().map(|one| one.accepted).fold(f64::INFINITY, f64::min);
        let last = made.iter().map(|one| one.ready).fold(f64::NEG_INFINITY, f64::max);
        let times: Vec<_> = made.iter().map(Onboarding::seconds).collect();
        Ok((self.add(&times, last - first), made))
    }

    /// A round of another way, by this program's clock; `create` makes the database of one customer.
    pub async fn other(
        &mut self,
        ways: &Ways<'_>,
        create: impl AsyncFn(usize) -> Result<()> + Sync,
    ) -> Result<f64> {
        ways.server.settle().await?;
        let begun = Instant::now();
        let serving = futures::stream::iter(0..GUESTS).map(async |guest| {
            let begun = Instant::now();
            let served = create(guest).await;
            served.map(|()| begun.elapsed().as_secs_f64())
        });
        let served: Vec<_> = serving.buffer_unordered(AT_ONCE).collect().await;
        let seconds = begun.elapsed().as_secs_f64();
        let (made, failed): (Vec<_>, Vec<_>) = served.into_iter().partition(Result::is_ok);
        self.errors.extend(failed.into_iter().filter_map(Result::err).map(|error| error.to_string()));
        let times: Vec<_> = made.into_iter().flatten().collect();
        Ok(self.add(&times, seconds))
    }
}
