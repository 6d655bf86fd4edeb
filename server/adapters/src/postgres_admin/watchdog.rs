//! Ends sessions of tenants whose locks would keep others from signing in, or the platform from its work.
//!
//! PostgreSQL takes a lock before it checks rights, so any role may queue for an exclusive lock on `pg_authid`, and every
//! sign-in waits behind it; any role may lock another's database by an open `ALTER ROLE … IN DATABASE`; and whoever fills
//! the lock table, for which one role with `pg_advisory_lock` suffices, lets nobody else in, the administrator included.
//!
//! The watchdog holds no lock that anybody could wait for, and needs none to look or to end a session (`watchdog.sql`).
//! What it has to read from catalogs it reads every few seconds, and just then a queue could keep it out: so there are two
//! sessions, of which one is always looking while the other reads. A role that neither knows would get the better of both,
//! so whoever makes roles waits until they are known ([`wait_until_known`]).

use super::{
    connection::{Admin, within},
    failure::Failure,
    layout::TENANTS,
};
use innkeeper_domain::{
    backoff::Backoff,
    ended_sessions::{EndReason, EndedSessions},
    name::TenantName,
    plan::{LOCKS_PER_TENANT, PARTS_OF_LOCK_TABLE},
    tenant::TenantRole,
};
use sqlx::postgres::{PgConnectOptions, types::Oid};
use std::{
    convert::Infallible,
    future::Future,
    sync::atomic::{AtomicI32, Ordering},
    time::Duration,
};
use tokio::time::Instant;

const DOING: &str = "watching the lock table";
/// How long one statement looks before roles are read anew, and how long at most where the other session does not take
/// over. It holds back VACUUM of shared catalogs that long.
const LOOK: (Duration, Duration) = (Duration::from_secs(4), Duration::from_mins(1));
/// How much later than that its answer is given up. A full table of 500,000 locks was read within a second.
const GRACE: Duration = Duration::from_secs(10);
/// Shortest and longest pause before another try to open a lost session anew; what a queue or a full lock table keeps out
/// of reach is read again after the shortest.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));
/// How long a lost session is tried to be opened anew, while the other one looks.
const REOPEN: Duration = Duration::from_mins(1);
/// `lock_not_available` and `out_of_memory`, also that of the lock table (PostgreSQL, appendix A).
const BLOCKED: [&str; 2] = ["55P03", "53200"];
/// A tenant that holds one of so many parts of the lock table is over its limit at once, not only after two seconds.
const PARTS_AT_ONCE: i64 = PARTS_OF_LOCK_TABLE / 2;

/// Longest wait until both sessions know new roles, and how often they are looked at.
const KNOWN: (Duration, Duration) = (Duration::from_secs(10), Duration::from_millis(10));

/// Takes what was ended.
pub(super) type Tell<'a> = &'a (dyn Fn(EndedSessions) + Send + Sync);

/// The processes of the two sessions; 0 as long as one is not there.
type Pair = [AtomicI32; 2];

/// Looks, and ends what would hold others up, until one of its sessions is lost and cannot be opened anew.
pub(super) async fn watch(options: &PgConnectOptions, tell: Tell<'_>) -> Result<Infallible, Failure> {
    let pair = Pair::default();
    // A full table's rows fit without a temporary file. A queue is in the way for as long as the other session needs.
    let options = options.clone().application_name("innkeeper watchdog");
    let options = options.options([("work_mem", "64MB"), ("lock_timeout", "500")]);
    tokio::try_join!(keep(&options, &pair, 0, tell), keep(&options, &pair, 1, tell)).map(|(never, _)| never)
}

/// Keeps one of the two at work. A lost one is opened anew while the other goes on.
async fn keep(
    options: &PgConnectOptions,
    pair: &Pair,
    which: usize,
    tell: Tell<'_>,
) -> Result<Infallible, Failure> {
    let (mut since, mut backoff) = (Instant::now(), PAUSES);
    loop {
        let began = Instant::now();
        let Err(failure) = take_turns(options, pair, which, tell).await;
        pair[which].store(0, Ordering::Relaxed);
        if began.elapsed() > LOOK.0 {
            (since, backoff) = (Instant::now(), PAUSES);
        } else if since.elapsed() > REOPEN {
            return Err(failure);
        }
        let pause = backoff.pause();
        if pause == PAUSES.upcoming() {
            tracing::warn!(%failure, "a session of the watch over locks is lost; opening it anew");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn take_turns(
    options: &PgConnectOptions,
    pair: &Pair,
    which: usize,
    tell: Tell<'_>,
) -> Result<Infallible, Failure> {
    let mut admin = Admin::open(options, None).await?;
    in_time(admin.run(DOING, include_str!("sql/watchdog.sql").into())).await?;
    let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(admin.raw());
    let pid = in_time(async { pid.await.map_err(|error| Failure::of(DOING, &error)) }).await?;
    pair[which].store(pid, Ordering::Relaxed);
    let mut blind = false;
    loop {
        match look(&mut admin, pair[1 - which].load(Ordering::Relaxed), tell).await {
            Ok(()) => blind = false,
            Err(failure) if BLOCKED.iter().any(|code| failure.is(code)) => {
                if !std::mem::replace(&mut blind, true) {
                    tracing::warn!(%failure, "the roles of the server cannot be read; trying again");
                }
                tokio::time::sleep(PAUSES.upcoming()).await;
            }
            Err(failure) => return Err(failure),
        }
    }
}

/// Reads who is a tenant's, then looks until the other session of this process does; for [`LOOK`], or until somebody signs
/// in who is not known yet.
async fn look(admin: &mut Admin, other: i32, tell: Tell<'_>) -> Result<(), Failure> {
    let read_at = in_time(now(admin)).await?;
    let logins = in_time(logins(admin)).await?;
    let known: Vec<Oid> = in_time(known(admin)).await?;
    let table = in_time(lock_table(admin)).await?;
    let column = |of: fn(&Login) -> Oid| logins.iter().map(of).collect::<Vec<_>>();
    let query = sqlx::query_as(
        "SELECT role, reason, count(DISTINCT pid) FROM pg_temp.watch_locks($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         GROUP BY 1, 2",
    );
    let query = query
        .persistent(false)
        .bind(column(|login| login.role))
        .bind(column(|login| login.tenant))
        .bind(column(|login| login.database))
        .bind(known)
        .bind(in_time(catalogs(admin)).await?)
        .bind(read_at)
        .bind(budget(table))
        .bind(table / PARTS_AT_ONCE)
        .bind(LOOK.0.as_secs_f64())
        .bind(if other == 0 { LOOK.0 } else { LOOK.1 }.as_secs_f64())
        .bind(other);
    let ended = async { query.fetch_all(admin.raw()).await.map_err(|error| Failure::of(DOING, &error)) };
    let ended: Vec<(Oid, String, i64)> = in_time(ended).await?;
    // A database that was kept ready has its tenant's name by now.
    let logins = if ended.is_empty() { logins } else { self::logins(admin).await.unwrap_or(logins) };
    for (role, reason, sessions) in ended {
        let login = logins.iter().find(|login| login.role == role);
        let told = login.and_then(|login| ended_of(login, &reason, sessions));
        tracing::warn!(
            role = login.map(|login| login.name.as_str()),
            reason,
            sessions,
            "ended sessions whose locks others had to wait for"
        );
        if let Some(ended) = told {
            tell(ended);
        }
    }
    Ok(())
}

/// Waits until both sessions of one watchdog know the roles that are there now, if the server has a watchdog. There may be
/// more than one, and that of a portal which was stopped knows nothing new.
pub(super) async fn wait_until_known(admin: &mut Admin) -> Result<(), Failure> {
    let doing = "telling the watchdog of new roles";
    // For this the sessions begin a new look at once.
    admin.run(doing, "SET application_name = 'innkeeper new roles'".into()).await?;
    let (since, end) = (now(admin).await?, Instant::now() + KNOWN.0);
    loop {
        let query = sqlx::query_scalar(
            r"WITH w AS MATERIALIZED (
                SELECT pid, regexp_match(application_name, '^innkeeper watchdog (\d+) (\d+)$') AS look
                FROM pg_stat_activity WHERE usename = current_user AND application_name LIKE 'innkeeper watchdog%'
              ) SELECT NOT EXISTS (SELECT FROM w) OR EXISTS (
                SELECT FROM w AS one JOIN w AS other ON one.look[2]::int = other.pid AND other.look[2]::int = one.pid
                WHERE least(one.look[1]::int8, other.look[1]::int8) >= $1)",
        );
        if within(doing, query.bind(since).fetch_one(admin.raw())).await? {
            return admin.run(doing, "RESET application_name".into()).await;
        }
        if Instant::now() > end {
            return Err(Failure::later(
                doing,
                format!("it did not read them within {} s", KNOWN.0.as_secs()),
            ));
        }
        tokio::time::sleep(KNOWN.1).await;
    }
}

/// The server's time, in microseconds since 1970.
async fn now(admin: &mut Admin) -> Result<i64, Failure> {
    let query = sqlx::query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::int8");
    within(DOING, query.fetch_one(admin.raw())).await
}

/// Most locks of one tenant, in a lock table of that many places.
fn budget(table: i64) -> i64 {
    LOCKS_PER_TENANT.min(table / PARTS_OF_LOCK_TABLE)
}

/// A login role of a tenant or of a database that is kept ready.
#[derive(sqlx::FromRow)]
struct Login {
    role: Oid,
    name: String,
    /// Its group, which names the tenant.
    tenant: Oid,
    tenant_name: String,
    /// 0 as long as there is none.
    database: Oid,
}

fn ended_of(login: &Login, reason: &str, sessions: i64) -> Option<EndedSessions> {
    let tenant = TenantName::parse(&login.tenant_name).ok()?;
    let role = TenantRole::ALL.iter().copied().find(|role| tenant.role(*role) == login.name)?;
    Some(EndedSessions { tenant, role, reason: EndReason::parse(reason)?, sessions })
}

/// Login roles of tenants: in their tenant's group, which is in the parent of all.
async fn logins(admin: &mut Admin) -> Result<Vec<Login>, Failure> {
    let query = sqlx::query_as(
        "SELECT r.oid AS role, r.rolname::text AS name, g.oid AS tenant, g.rolname::text AS tenant_name,
                coalesce(d.oid, 0::oid) AS database
         FROM pg_authid all_tenants JOIN pg_auth_members parent ON parent.roleid = all_tenants.oid
         JOIN pg_authid g ON g.oid = parent.member JOIN pg_auth_members own ON own.roleid = g.oid
         JOIN pg_authid r ON r.oid = own.member LEFT JOIN pg_database d ON d.datname = g.rolname
         WHERE all_tenants.rolname = $1 AND NOT r.rolsuper",
    );
    query.bind(TENANTS).fetch_all(admin.raw()).await.map_err(|error| Failure::of(DOING, &error))
}

async fn known(admin: &mut Admin) -> Result<Vec<Oid>, Failure> {
    let query = sqlx::query_scalar("SELECT oid FROM pg_authid");
    query.fetch_all(admin.raw()).await.map_err(|error| Failure::of(DOING, &error))
}

/// All catalogs and their indexes.
async fn catalogs(admin: &mut Admin) -> Result<Vec<Oid>, Failure> {
    let query = sqlx::query_scalar("SELECT oid FROM pg_class WHERE relkind IN ('r', 'i') AND oid < 16384");
    query.fetch_all(admin.raw()).await.map_err(|error| Failure::of(DOING, &error))
}

/// Places in the server's lock table (PostgreSQL, 20.12, `max_locks_per_transaction`).
pub(super) async fn lock_table(admin: &mut Admin) -> Result<i64, Failure> {
    let query = sqlx::query_scalar(
        "SELECT current_setting('max_locks_per_transaction')::int8
            * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)",
    );
    query.fetch_one(admin.raw()).await.map_err(|error| Failure::of(DOING, &error))
}

async fn in_time<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let deadline = LOOK.1 + GRACE;
    let late = |_| Err(Failure::later(DOING, format!("no answer within {} s", deadline.as_secs())));
    tokio::time::timeout(deadline, work).await.unwrap_or_else(late)
}
