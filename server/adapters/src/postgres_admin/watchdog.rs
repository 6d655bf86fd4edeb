//! Keeps one tenant from filling the lock table, which all databases of a server share.
//!
//! Whoever holds all of it, and one role with `pg_advisory_lock` suffices, lets nobody else sign in, the administrator
//! included. So the watchdog's session stands ready, inside a transaction that keeps the few locks its look needs: a
//! look then takes no place in a table that has none left. Between two looks the transaction has no snapshot, so it
//! holds back no VACUUM.

use super::{connection::Admin, failure::Failure, layout::TENANTS};
use sqlx::postgres::PgConnectOptions;
use std::{convert::Infallible, future::Future, time::Duration};
use tokio::time::{Instant, Interval, MissedTickBehavior};

const DOING: &str = "watching the lock table";
/// Between two looks. One session was measured to take 200,000 to 350,000 locks per second.
const TICK: Duration = Duration::from_millis(200);
/// A session with more locks than this is ended. A dump of that many tables and indexes has as many.
const MOST_LOCKS: i64 = 2_000;
/// Longest time of one look. A full table of 500,000 locks was read within a second.
const LOOK: Duration = Duration::from_secs(10);
/// How old the transaction gets. Its locks hinder nothing but a VACUUM FULL of the catalogs of roles and databases.
const RENEW: Duration = Duration::from_mins(1);
/// `out_of_memory`, also that of the lock table (PostgreSQL, appendix A).
const FULL: &str = "53200";

/// Looks, and ends what takes too much, until its session is lost.
pub(super) async fn watch(options: &PgConnectOptions) -> Result<Infallible, Failure> {
    // A full table's rows fit without a temporary file.
    let options = options.clone().options([("work_mem", "64MB")]);
    let mut admin = Admin::open(&options, None).await?;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut blind = false;
    loop {
        match stand(&mut admin, &mut tick).await {
            Ok(()) => blind = false,
            // Full before the transaction had its locks: who fills it may still make a mistake.
            Err(failure) if failure.is(FULL) => {
                if !std::mem::replace(&mut blind, true) {
                    tracing::error!(%failure, "the server's lock table is full, and who filled it is not seen");
                }
                tick.tick().await;
            }
            Err(failure) => return Err(failure),
        }
        in_time(admin.run(DOING, "ROLLBACK".into())).await?;
    }
}

/// One transaction: looks at every tick, and ends after a look that found nothing, so that the next transaction gets
/// its locks.
async fn stand(admin: &mut Admin, tick: &mut Interval) -> Result<(), Failure> {
    in_time(admin.run(DOING, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY".into())).await?;
    let end = Instant::now() + RENEW;
    loop {
        let found = in_time(look(admin)).await?;
        for Heavy { role, database, sessions } in &found {
            tracing::warn!(role, database, sessions, "ended sessions that took too many locks");
        }
        if found.is_empty() && Instant::now() > end {
            return Ok(());
        }
        tick.tick().await;
    }
}

/// Sessions of one role that were told to end.
#[derive(sqlx::FromRow)]
struct Heavy {
    role: String,
    database: Option<String>,
    sessions: i64,
}

async fn look(admin: &mut Admin) -> Result<Vec<Heavy>, Failure> {
    // A transaction keeps what it first saw of the sessions.
    admin.run(DOING, "SELECT pg_stat_clear_snapshot()".into()).await?;
    // Joins, and planned anew each time: that locks all tables and indexes for the transaction, which pg_has_role() and
    // a kept plan would do only where they need them. A login role is in its tenant's group, that in the parent of all.
    let query = sqlx::query_as(
        "WITH heavy AS MATERIALIZED (SELECT pid FROM pg_locks GROUP BY pid HAVING count(*) > $1)
         SELECT a.usename::text AS role, a.datname::text AS database,
                count(*) FILTER (WHERE pg_terminate_backend(a.pid)) AS sessions
         FROM heavy JOIN pg_stat_activity a USING (pid) JOIN pg_authid r ON r.oid = a.usesysid
         WHERE NOT r.rolsuper AND EXISTS (
            SELECT FROM pg_auth_members own JOIN pg_auth_members parent ON parent.member = own.roleid
            JOIN pg_authid tenants ON tenants.oid = parent.roleid
            WHERE own.member = r.oid AND tenants.rolname = $2)
         GROUP BY 1, 2",
    );
    let query = query.persistent(false).bind(MOST_LOCKS).bind(TENANTS);
    query.fetch_all(admin.raw()).await.map_err(|error| Failure::of(DOING, &error))
}

async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Err(Failure::later(DOING, format!("no answer within {} s", LOOK.as_secs())));
    tokio::time::timeout(LOOK, work).await.unwrap_or_else(late)
}
