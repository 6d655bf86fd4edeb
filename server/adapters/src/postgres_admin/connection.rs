use super::{failure::Failure, layout};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use std::{future::Future, time::Duration};
use tokio::time::Instant;

/// Longest time to be let in.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time of one statement, on the server. DROP DATABASE waits for a checkpoint: 46 s were measured after a
/// burst of new databases.
const STATEMENT: Duration = Duration::from_mins(2);
/// How much later than the server the portal gives a statement up, so that the server's own word is heard.
const GRACE: Duration = Duration::from_secs(5);
/// Longest wait of a statement for somebody else's lock.
const LOCK: Duration = Duration::from_secs(5);
/// Longest wait for a tenant's lock: as long as an orphaned CREATE DATABASE may reasonably go on.
const TAKE_LOCK: Duration = Duration::from_mins(1);

/// How long the holder of a tenant's lock may do nothing before somebody else with a right to it ends its session.
/// Longer than the pauses between the statements of a step, shorter than a lease.
const IDLE_HOLDER: Duration = Duration::from_secs(3);
/// How often a lock that somebody holds is tried.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
const LOCKING: &str = "waiting for the lock";

/// What every administrative session begins with. Statements hold verifiers, so neither the log nor the
/// statistics may keep them; as options of the connection these hold before the first statement. The search path
/// keeps a tenant's objects from standing in for the catalog's.
pub(super) fn quiet(admin: PgConnectOptions) -> PgConnectOptions {
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    admin
        .application_name("innkeeper")
        .options([
            ("search_path", "pg_catalog".into()),
            ("log_statement", "none".into()),
            ("log_min_duration_statement", "-1".into()),
            ("log_min_error_statement", "panic".into()),
            ("log_duration", "off".into()),
            // Accepted as a placeholder where the library is not loaded.
            ("pg_stat_statements.track", "none".into()),
            ("client_min_messages", "warning".into()),
            ("statement_timeout", milliseconds(STATEMENT)),
            ("lock_timeout", milliseconds(LOCK)),
            ("idle_in_transaction_session_timeout", milliseconds(STATEMENT)),
        ])
        .disable_statement_logging()
}

/// A session of the platform's administrator: dedicated, never pooled, closed when dropped.
pub(super) struct Admin(PgConnection);

impl Admin {
    /// Opens a session in the maintenance database, or another one.
    pub(super) async fn open(options: &PgConnectOptions, database: Option<&str>) -> Result<Self, Failure> {
        let doing = "connecting to the server";
        let other = database.map(|name| options.clone().database(name));
        match tokio::time::timeout(CONNECT, other.as_ref().unwrap_or(options).connect()).await {
            Ok(Ok(connection)) => Ok(Self(connection)),
            Ok(Err(error)) => Err(Failure::of(doing, &error)),
            Err(_) => Err(Failure::later(doing, format!("no answer within {} s", CONNECT.as_secs()))),
        }
    }

    /// Opens a session that holds the advisory lock of a subject in that database until it ends.
    pub(super) async fn open_locked(
        options: &PgConnectOptions,
        database: Option<&str>,
        subject: &str,
    ) -> Result<Self, Failure> {
        let mut admin = Self::open(options, database).await?;
        let (key, long, usual) = (layout::lock_key(subject), TAKE_LOCK.as_secs(), LOCK.as_secs());
        let sql = format!(
            "SET lock_timeout = '{long}s'; SELECT pg_catalog.pg_advisory_lock({key}); SET lock_timeout = '{usual}s'"
        );
        admin.run(LOCKING, sql).await?;
        Ok(admin)
    }

    /// The same for whoever has the right to it: a holder that has done nothing for a while has lost that right, be it
    /// a portal that was stopped or one whose network broke while the server still believes in it. Its session is
    /// ended; what it is doing just now is waited for.
    pub(super) async fn open_locked_by_right(
        options: &PgConnectOptions,
        database: Option<&str>,
        subject: &str,
    ) -> Result<Self, Failure> {
        let mut admin = Self::open(options, database).await?;
        let key = layout::lock_key(subject);
        let end = Instant::now() + TAKE_LOCK;
        loop {
            let taken = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(key);
            if within(LOCKING, taken.fetch_one(&mut admin.0)).await? {
                return Ok(admin);
            }
            let ended = sqlx::query_scalar(
                "SELECT count(pg_terminate_backend(a.pid)) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
                 WHERE l.locktype = 'advisory' AND l.objsubid = 1 AND l.granted AND a.pid <> pg_backend_pid()
                   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                   AND (l.classid::int8 << 32 | l.objid::int8) = $1
                   AND a.state = 'idle' AND a.state_change < clock_timestamp() - make_interval(secs => $2)",
            );
            let ended = ended.bind(key).bind(IDLE_HOLDER.as_secs_f64());
            let ended: i64 = within(LOCKING, ended.fetch_one(&mut admin.0)).await?;
            if ended > 0 {
                tracing::warn!(subject, "ended an idle session that held the lock");
            }
            if Instant::now() > end {
                return Err(Failure::later(LOCKING, "somebody else holds it and is at work"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Runs statements whose names and constants were quoted (`quote`), as one transaction unless there is only one.
    pub(super) async fn run(&mut self, doing: &'static str, sql: String) -> Result<(), Failure> {
        within(doing, sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.0)).await.map(|_| ())
    }

    /// For queries with parameters, under [`within`].
    pub(super) fn raw(&mut self) -> &mut PgConnection {
        &mut self.0
    }

    /// Ends the session in an orderly way. Where that fails the connection is gone, which is the same.
    pub(super) async fn close(self) {
        if let Ok(Err(error)) = tokio::time::timeout(GRACE, self.0.close()).await {
            tracing::debug!(%error, "the session had ended already");
        }
    }
}

/// Waits for an answer, a little longer than the server works on it.
pub(super) async fn within<T>(
    doing: &'static str,
    answer: impl Future<Output = sqlx::Result<T>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(STATEMENT + GRACE, answer).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Failure::of(doing, &error)),
        Err(_) => Err(Failure::later(doing, "no answer within the deadline")),
    }
}
