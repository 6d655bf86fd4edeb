//! Tells, inside this process, that something changed in the control database, whichever portal changed it.
//!
//! One listening connection a process. After it was lost, everybody reads again; a slow poll stands behind it.

use innkeeper_domain::ids::RunId;
use sqlx::{PgConnection, PgPool, postgres::PgListener};
use std::time::Duration;
use tokio::sync::broadcast;
use uuid::Uuid;

const CHANNEL: &str = "innkeeper";
/// What stands before the id of a run that waits.
const DUE: &str = "due ";

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A run waits for a worker.
    Due(RunId),
    /// A run or one of its steps.
    Run(RunId),
    /// The outbox.
    Mail,
    /// The connection was lost in between: anything may have changed.
    Anything,
}

/// Says with the caller's transaction that something changed. Heard when it commits.
pub async fn notify(conn: &mut PgConnection, change: Change) -> Result<(), sqlx::Error> {
    let payload = match change {
        Change::Due(id) => format!("{DUE}{}", id.0),
        Change::Run(id) => id.0.to_string(),
        Change::Mail => "mail".into(),
        Change::Anything => String::new(),
    };
    sqlx::query!("select pg_notify($1, $2)", CHANNEL, payload).fetch_one(conn).await?;
    Ok(())
}

/// The broadcast of changes.
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Change>);

impl Changes {
    /// Starts listening; ends with the process.
    pub fn listen(pool: PgPool) -> Self {
        let (sender, _) = broadcast::channel(1024);
        tokio::spawn(pump(pool, sender.clone()));
        Self(sender)
    }

    /// Hears nothing and holds no connection: for tests of use cases.
    #[cfg(test)]
    pub(crate) fn silent() -> Self {
        Self(broadcast::channel(1).0)
    }

    /// A receiver of changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}

async fn pump(pool: PgPool, sender: broadcast::Sender<Change>) {
    loop {
        if let Err(error) = hear(&pool, &sender).await {
            if pool.is_closed() || matches!(error, sqlx::Error::PoolClosed) {
                return;
            }
            tracing::warn!(%error, "lost the connection that hears of changes; connecting again");
        }
        // Nobody receives: no matter.
        let _ = sender.send(Change::Anything);
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn hear(pool: &PgPool, sender: &broadcast::Sender<Change>) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    let _ = sender.send(Change::Anything);
    while let Some(notification) = listener.try_recv().await? {
        let _ = sender.send(parse(notification.payload()));
    }
    Ok(())
}

/// What was said; of a newer portal it may be something unknown.
fn parse(payload: &str) -> Change {
    let run = |id, change: fn(RunId) -> Change| {
        Uuid::try_parse(id).map_or(Change::Anything, |id| change(RunId(id)))
    };
    match (payload, payload.strip_prefix(DUE)) {
        ("mail", _) => Change::Mail,
        (_, Some(id)) => run(id, Change::Due),
        (id, None) => run(id, Change::Run),
    }
}
