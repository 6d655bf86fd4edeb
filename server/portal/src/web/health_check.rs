//! Whether the control database can be written.

use innkeeper_service::background::health;
use sqlx::PgPool;
use std::time::Duration;
use tokio::{sync::Mutex, time::Instant};

const DEADLINE: Duration = Duration::from_secs(2);
/// So long an answer holds for everybody who asks.
const HOLDS: Duration = Duration::from_secs(1);

/// Whether the control database could be written when last somebody asked: one tries, the others wait for its answer.
#[derive(Default)]
pub(super) struct Health(Mutex<Option<(Instant, Found)>>);

/// What is wrong, if anything.
pub(super) type Found = Result<(), &'static str>;

impl Health {
    /// Asks, or answers what was found a moment ago.
    pub(super) async fn ask(&self, pool: &PgPool) -> Found {
        let mut last = self.0.lock().await;
        if let Some((at, found)) = *last
            && at.elapsed() < HOLDS
        {
            return found;
        }
        let (found, error) = match tokio::time::timeout(DEADLINE, health::write(pool)).await {
            Ok(Ok(())) => (Ok(()), String::new()),
            Ok(Err(error)) => (Err(health::in_words(&error)), error.to_string()),
            Err(_) => (Err(LATE), String::new()),
        };
        // Not with each request, but with each change.
        let before = last.map_or(Ok(()), |(_, found)| found);
        match found {
            Err(what) if before != found => tracing::error!(error, "not healthy: {what}"),
            Ok(()) if before.is_err() => tracing::info!("healthy again: the control database can be written"),
            _ => {}
        }
        *last = Some((Instant::now(), found));
        found
    }
}

const LATE: &str = "the control database did not answer within 2 s";
