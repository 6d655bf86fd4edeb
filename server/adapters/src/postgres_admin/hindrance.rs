//! Who holds work up that is under way.
//!
//! Some code of PostgreSQL and of its libraries looks for no interrupt, for as long as it likes: an XML path expression over
//! a few kilobytes runs for hours. Such a session does not end when it is told to. It also keeps DROP DATABASE of any
//! other database waiting, since every session of the server has to close its files first (a `ProcSignalBarrier`). Only
//! the operator can end its process, and all others of the server with it: so it is named.

use super::{
    connection::{Admin, within},
    failure::Failure,
    session::Held,
};
use std::{sync::OnceLock, time::Duration};
use tokio::time::{Instant, sleep};

/// How long all sessions may take to answer. The server names in its log who has not, after 5 seconds.
const PATIENCE: Duration = Duration::from_secs(8);
/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// Sessions that are named at most.
const MOST: usize = 3;

/// A session as it is named: its process, whose it is and where, since when, and what it does. Not its statement, which
/// may hold data.
macro_rules! named {
    ($rest:literal) => {
        concat!(
            "SELECT a.pid, format('process %s (%s%s, connected since %s UTC, %s)', a.pid,
                coalesce('role ' || a.usename, a.backend_type), ' in database ' || a.datname,
                to_char(a.backend_start AT TIME ZONE 'UTC', 'FMDD FMMonth YYYY, HH24:MI'),
                coalesce(a.state || ' since ' || to_char(a.state_change AT TIME ZONE 'UTC', 'HH24:MI:SS') || ' UTC', 'starting'))
             FROM pg_stat_activity a ",
            $rest
        )
    };
}

type Named = Vec<(i32, String)>;

fn in_words(sessions: Named) -> Option<String> {
    let more = sessions.len().saturating_sub(MOST);
    let mut names: Vec<_> = sessions.into_iter().take(MOST).map(|(_, name)| name).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    (!names.is_empty()).then(|| names.join(", "))
}

impl Held {
    /// The tenant's sessions that are there although they were told to end for so long, in words.
    pub(super) async fn unended(
        &mut self,
        doing: &'static str,
        told_for: Duration,
    ) -> Result<Option<String>, Failure> {
        let query = sqlx::query_as(named!(
            "WHERE (a.datname = $1 OR a.usename = ANY($2)) AND a.pid <> pg_backend_pid()
             AND a.backend_start < now() - make_interval(secs => $3) ORDER BY a.backend_start"
        ));
        let query = query.bind(&self.names.db).bind(self.names.logins()).bind(told_for.as_secs_f64());
        Ok(in_words(within(doing, query.fetch_all(self.admin.raw())).await?))
    }

    /// Who has a lock on this database as a whole, in words: anybody may take one by a setting of a role in it.
    pub(super) async fn lockers(&mut self, doing: &'static str) -> Result<Option<String>, Failure> {
        let query = sqlx::query_as(named!(
            "WHERE a.pid IN (SELECT l.pid FROM pg_locks l WHERE l.locktype = 'object' AND l.granted
                AND l.classid = 'pg_database'::regclass
                AND l.objid = (SELECT oid FROM pg_database WHERE datname = $1))
             AND a.pid <> pg_backend_pid() ORDER BY a.xact_start"
        ));
        Ok(in_words(within(doing, query.bind(&self.names.db).fetch_all(self.admin.raw())).await?))
    }

    /// Runs a statement for which all sessions of the server have to answer. Where one does not, the statement is
    /// cancelled and the session named; what was done of it by then has to bear being begun again.
    pub(super) async fn run_with_all(&mut self, doing: &'static str, sql: String) -> Result<(), Failure> {
        let query = sqlx::query_scalar("SELECT pg_backend_pid()");
        let own: i32 = within(doing, query.fetch_one(self.admin.raw())).await?;
        let mut watcher = self.visit_maintenance().await?;
        // Set before the statement is told to end, whichever of the two answers is heard first.
        let silent = OnceLock::new();
        let mut running = std::pin::pin!(self.admin.run(doing, sql));
        let ended = tokio::select! {
            done = &mut running => done,
            cancelled = cancel_when_silent(&mut watcher, doing, own, &silent) => {
                cancelled?;
                running.await
            }
        };
        watcher.close().await;
        match (ended, silent.into_inner()) {
            (Err(_), Some(by)) => Err(Failure::blocked(doing, by)),
            (ended, _) => ended,
        }
    }
}

/// Returns when the statement of this session has waited for the others for too long: it is cancelled then, and who does
/// not answer stands in `found`, in words.
async fn cancel_when_silent(
    watcher: &mut Admin,
    doing: &'static str,
    own: i32,
    found: &OnceLock<String>,
) -> Result<(), Failure> {
    let mut since = None;
    loop {
        sleep(LOOK_AGAIN).await;
        let query = sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'ProcSignalBarrier')",
        );
        let waits: bool = within(doing, query.bind(own).fetch_one(watcher.raw())).await?;
        if !waits {
            since = None;
        } else if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            let by = silent(watcher, doing).await?;
            tracing::warn!(by, "a session on the server does not answer: {doing} is given up for now");
            // Only set here, and only once.
            let _ = found.set(by);
            let query = sqlx::query_scalar("SELECT pg_cancel_backend($1)");
            let _told: bool = within(doing, query.bind(own).fetch_one(watcher.raw())).await?;
            return Ok(());
        }
    }
}

/// Who does not answer: whom the server's log names, in a line of its own (a client can bring this text into the log, but
/// neither to the beginning of a message nor to the end of a line); where that cannot be read, those that work without waiting for
/// anything, and those that are left in a database that is closed.
async fn silent(watcher: &mut Admin, doing: &'static str) -> Result<String, Failure> {
    let query = sqlx::query_as(named!(
        "WHERE a.pid::text = (SELECT coalesce(said.pid[1], said.pid[2]) FROM pg_current_logfile() AS log(file),
            LATERAL regexp_matches(
                encode(pg_read_binary_file(file, greatest(0, (pg_stat_file(file)).size - 65536), 65536), 'escape'),
                '(?n)^[{].*\"error_severity\":\"LOG\",\"message\":\"still waiting for backend with PID ([0-9]+) to accept ProcSignalBarrier\"|LOG:  still waiting for backend with PID ([0-9]+) to accept ProcSignalBarrier$', 'g')
                WITH ORDINALITY AS said(pid, place)
            WHERE file IS NOT NULL ORDER BY place DESC LIMIT 1)"
    ));
    // It may not be there, or not be ours to read.
    let in_log: Named = within(doing, query.fetch_all(watcher.raw())).await.unwrap_or_default();
    if let Some(named) = in_words(in_log) {
        return Ok(named);
    }
    let query = sqlx::query_as(named!(
        "LEFT JOIN pg_database d ON d.oid = a.datid
         WHERE a.backend_type = 'client backend' AND a.pid <> pg_backend_pid() AND (d.datconnlimit = 0
            OR a.state = 'active' AND a.wait_event IS NULL AND a.query_start < now() - make_interval(secs => $1))
         ORDER BY a.query_start"
    ));
    let busy: Named = within(doing, query.bind(PATIENCE.as_secs_f64()).fetch_all(watcher.raw())).await?;
    Ok(in_words(busy).unwrap_or_else(|| "a process that the server's log names".into()))
}
