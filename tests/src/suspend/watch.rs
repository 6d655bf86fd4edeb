//! What the server lists of a tenant's sessions, looked at without a pause.

use crate::{Portal, tenant::texts};
use sqlx::PgConnection;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::task::JoinHandle;

/// What was seen until the end of the watch.
#[derive(Default)]
pub struct Seen {
    /// When the first of those looks had ended that found nothing up to the last.
    pub none_since: Option<Instant>,
    /// What the last look found.
    pub last: Vec<String>,
}

/// Somebody who looks at the server all the time.
pub struct Watch {
    stop: Arc<AtomicBool>,
    work: JoinHandle<Seen>,
}

impl Watch {
    /// Begins.
    pub async fn start(portal: &Portal, tenant: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let server = portal.sql("postgres").await;
        let work = tokio::spawn(look(server, tenant.to_owned(), stop.clone()));
        Self { stop, work }
    }

    /// Looks once more, whole, and ends.
    pub async fn end(self) -> Seen {
        self.stop.store(true, Ordering::SeqCst);
        self.work.await.unwrap()
    }
}

async fn look(mut server: PgConnection, tenant: String, stop: Arc<AtomicBool>) -> Seen {
    let sessions = format!(
        "select concat_ws(' ', usename, state, query) from pg_stat_activity
         where usename in ('{tenant}_owner', '{tenant}_app', '{tenant}_readonly')"
    );
    let mut seen = Seen::default();
    loop {
        let last = stop.load(Ordering::SeqCst);
        seen.last = texts(&mut server, &sessions).await;
        seen.none_since = if seen.last.is_empty() { seen.none_since.or(Some(Instant::now())) } else { None };
        if last {
            return seen;
        }
        tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    }
}
