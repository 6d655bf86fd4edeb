//! Taking tenants off the server against their will.
//!
//! A tenant's session may hold its own role's row by an open `ALTER ROLE`, and so block every `ALTER ROLE` of
//! ours. It cannot block `ALTER DATABASE`. So sessions are ended and the statement is tried under a short lock
//! timeout, in turns; who wants this to hold against clients that come back at once closes the database first
//! ([`Held::reset_limits`]).

use super::{connection::within, failure::Failure, session::Held};
use innkeeper_domain::plan::Limits;
use std::time::Duration;
use tokio::time::Instant;

/// Longest fight for a role.
const DEADLINE: Duration = Duration::from_secs(10);
/// Between two looks at the sessions: a session past its login check may appear that much later.
const PAUSE: Duration = Duration::from_millis(20);
/// So many looks in a row must find no session.
const QUIET_LOOKS: u32 = 3;

impl Held {
    /// Tells all sessions in the tenant's database or of its roles to end; how many there were. Ours inside is
    /// closed; no other is spared by what it says of itself.
    ///
    /// One that is on its way in is listed as a session only when it is there. It may have passed all checks long
    /// before: any client can ask for a pause behind them (`post_auth_delay`). But all that time it holds a lock on the
    /// database, which it took before the checks.
    pub(super) async fn tell_to_end(&mut self, doing: &'static str) -> Result<i64, Failure> {
        self.leave().await;
        let query = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM (
                SELECT pid FROM pg_locks WHERE locktype = 'object' AND mode = 'RowExclusiveLock' AND granted
                    AND classid = 'pg_database'::regclass AND objid = (SELECT oid FROM pg_database WHERE datname = $1)
                UNION SELECT pid FROM pg_stat_activity WHERE datname = $1 OR usename = ANY($2)) AS theirs
             WHERE pid <> pg_backend_pid()",
        );
        let query = query.bind(&self.names.db).bind(self.names.logins());
        within(doing, query.fetch_one(self.admin.raw())).await
    }

    /// Ends all sessions; returns when none came back for a while.
    pub(super) async fn end_sessions(&mut self, doing: &'static str) -> Result<(), Failure> {
        let end = Instant::now() + DEADLINE;
        let mut quiet = 0;
        loop {
            quiet = if self.tell_to_end(doing).await? == 0 { quiet + 1 } else { 0 };
            if quiet == QUIET_LOOKS {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(self.still_there(doing).await?);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Who is still there after the whole fight, or that they come anew each time.
    async fn still_there(&mut self, doing: &'static str) -> Result<Failure, Failure> {
        let unended = self.unended(doing, DEADLINE).await?;
        let cause = unended.map_or_else(
            || "its sessions keep coming back".to_owned(),
            |sessions| format!("told to end, but still there: {sessions}"),
        );
        Ok(Failure::later(doing, cause))
    }

    /// Runs statements on the tenant's roles, ending the sessions that are in their way.
    pub(super) async fn force(&mut self, doing: &'static str, statements: String) -> Result<(), Failure> {
        let end = Instant::now() + DEADLINE;
        let sql = format!("SET LOCAL lock_timeout = '300ms';\n{statements}");
        loop {
            match self.admin.run(doing, sql.clone()).await {
                Err(failure) if failure.is("55P03") && Instant::now() < end => {
                    self.tell_to_end(doing).await?
                }
                Err(failure) if failure.is("55P03") => return Err(self.still_there(doing).await?),
                other => return other,
            };
        }
    }

    /// Closes the database first, which no session of the tenant can hold up, then the roles.
    pub(super) async fn cut_off(&mut self) -> Result<(), Failure> {
        let doing = "cutting the tenant off";
        let sql = self.names.fill("ALTER DATABASE {db} CONNECTION LIMIT 0");
        self.admin.run(doing, sql).await?;
        self.close_logins().await?;
        let query = sqlx::query_scalar(
            "SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ANY($2) AND rolcanlogin)
                AND EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datconnlimit = 0)
                AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = ANY($2))",
        );
        let query = query.bind(&self.names.db).bind(self.names.logins());
        let holds: bool = within(doing, query.fetch_one(self.admin.raw())).await?;
        if holds { Ok(()) } else { Err(Failure::later(doing, "it is not cut off yet")) }
    }

    /// Sets the limits before the roles may sign in.
    pub(super) async fn let_in(&mut self, limits: &Limits) -> Result<(), Failure> {
        let doing = "letting the tenant in";
        self.apply_limits(limits).await?;
        self.open_logins().await?;
        let query =
            sqlx::query_scalar("SELECT count(*) FROM pg_roles WHERE rolname = ANY($1) AND rolcanlogin");
        let query = query.bind(self.names.logins()).fetch_one(self.admin.raw());
        let able: i64 = within(doing, query).await?;
        let all = self.names.logins().len();
        if usize::try_from(able) == Ok(all) {
            Ok(())
        } else {
            Err(Failure::refused(doing, format!("{able} of {all} roles may sign in")))
        }
    }

    /// Runs statements on the tenant's roles, ending only those of its sessions that hold up just these: an open
    /// `ALTER ROLE` or `ALTER ROLE … SET` keeps its lock on the catalog until its transaction ends.
    pub(super) async fn insist(&mut self, doing: &'static str, statements: String) -> Result<(), Failure> {
        let end = Instant::now() + DEADLINE;
        let sql = format!("SET LOCAL lock_timeout = '300ms';\n{statements}");
        loop {
            match self.admin.run(doing, sql.clone()).await {
                Err(failure) if failure.is("55P03") && Instant::now() < end => {
                    let query = sqlx::query_scalar(
                        "SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity a
                         WHERE a.usename = ANY($1) AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.granted
                            AND l.mode = 'RowExclusiveLock'
                            AND l.relation IN ('pg_authid'::regclass, 'pg_db_role_setting'::regclass))",
                    );
                    let query = query.bind(self.names.logins()).fetch_one(self.admin.raw());
                    let _ended: i64 = within(doing, query).await?;
                }
                other => return other,
            }
        }
    }

    /// Lets the roles sign in.
    pub(super) async fn open_logins(&mut self) -> Result<(), Failure> {
        let sql = "ALTER ROLE {owner} LOGIN; ALTER ROLE {app} LOGIN; ALTER ROLE {readonly} LOGIN;";
        self.insist("letting the roles sign in", self.names.fill(sql)).await
    }

    /// Lets the roles sign in no longer and ends their sessions.
    pub(super) async fn close_logins(&mut self) -> Result<(), Failure> {
        let doing = "cutting the roles off";
        let sql = self.for_present(doing, "NOLOGIN").await?;
        if !sql.is_empty() {
            self.tell_to_end(doing).await?;
            self.force(doing, sql).await?;
        }
        self.end_sessions(doing).await
    }

    /// `ALTER ROLE` of the login roles that are there.
    pub(super) async fn for_present(&mut self, doing: &'static str, change: &str) -> Result<String, Failure> {
        let there = self.present_roles(doing).await?;
        let alter = |name| format!("ALTER ROLE {} {change};\n", super::quote::identifier(name));
        Ok(self.names.logins().iter().filter(|name| there.contains(name)).map(|name| alter(name)).collect())
    }
}
