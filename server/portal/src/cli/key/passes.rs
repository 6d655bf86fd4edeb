//! The work of a rotation, in passes: other portals write meanwhile.

use crate::{cli::terminal::complain, startup::explain};
use innkeeper_adapters::sealing::MasterSealer;
use innkeeper_domain::ids::Ids;
use innkeeper_service::background::master_key::{self, NotOpened};
use sqlx::PgPool;
use std::{collections::BTreeMap, time::Duration};

/// How often what somebody else is changing is tried again, and how long after.
const PASSES: (u32, Duration) = (30, Duration::from_secs(1));

/// A rotation under way.
pub(super) struct Work<'a> {
    /// The control database, as the worker role.
    pub worker: &'a PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Decrypts under all keys of the file, encrypts under the current one.
    pub sealer: MasterSealer,
    /// How many secrets were encrypted anew so far.
    pub encrypted: u64,
}

impl Work<'_> {
    /// Encrypts anew what is not under the current key, until only what does not open is left.
    pub async fn encrypt(&mut self, current: &str) -> Result<Vec<NotOpened>, String> {
        for _ in 0..PASSES.0 {
            let counts = self.counts().await?;
            let total: i64 = counts.values().sum();
            let done = total - outside(&counts, current);
            let before = self.encrypted;
            let mut encrypted = 0;
            let tell = |number| {
                encrypted = number;
                let so_far = u64::try_from(done).unwrap_or_default() + number;
                complain(&format!("{so_far} of {total} secrets are encrypted under the current key\n"));
            };
            let failed = master_key::reseal(self.worker, &self.sealer, current, tell).await;
            self.encrypted = before + encrypted;
            let failed = failed.map_err(|error| explain(&error))?;
            let left = outside(&self.counts().await?, current);
            if left <= i64::try_from(failed.len()).unwrap_or(i64::MAX) {
                return Ok(failed);
            }
            tokio::time::sleep(PASSES.1).await;
        }
        Err("some secrets are being changed all the time; run `innkeeper key rotate` again, it goes on from here".into())
    }

    /// How many secrets are under each key.
    pub async fn counts(&self) -> Result<BTreeMap<String, i64>, String> {
        master_key::sealed_under(self.worker).await.map_err(|error| explain(&error))
    }

    /// Takes a former key out of use; whether nothing needs it any more.
    pub async fn retire(
        &mut self,
        old: &str,
        current: &str,
        failed: &mut Vec<NotOpened>,
    ) -> Result<bool, String> {
        let mut why = String::new();
        for _ in 0..PASSES.0 {
            match master_key::retire(self.worker, &self.ids, old, current).await {
                Ok(0) => return Ok(true),
                // What does not open, or was encrypted by a portal that has not read the file since.
                Ok(_) => {
                    *failed = self.encrypt(current).await?;
                    if !failed.is_empty() && self.counts().await?.contains_key(old) {
                        return Ok(false);
                    }
                }
                Err(error) => why = explain(&error),
            }
            tokio::time::sleep(PASSES.1).await;
        }
        Err(format!(
            "the former key stays in the file: {why}; run `innkeeper key rotate` again, it goes on from here"
        ))
    }
}

/// How many are under another key than this one.
fn outside(counts: &BTreeMap<String, i64>, current: &str) -> i64 {
    counts.iter().filter(|(key, _)| *key != current).map(|(_, count)| count).sum()
}
