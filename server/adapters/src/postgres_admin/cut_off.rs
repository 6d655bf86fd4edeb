//! Taking tenants off the server against their will.
//!
//! A tenant's session may hold its own role's row by an open `ALTER ROLE`, and so block every `ALTER ROLE` of
//! ours. It cannot block `ALTER DATABASE`. So sessions are ended and the statement is tried under a short lock
//! timeout, in turns; who wants this to hold against clients that come back at once closes the database first
//! ([`Held::reset_limits`]).

use super::{connection::within, failure::Failure, session::Held};
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
    async fn tell_to_end(&mut self, doing: &'static str) -> Result<i64, Failure> {
        self.leave().await;
        let query = sqlx::query_scalar(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
             WHERE pid <> pg_backend_pid() AND (datname = $1 OR usename = ANY($2))",
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
                return Err(Failure::later(doing, "its sessions keep coming back"));
            }
            tokio::time::sleep(PAUSE).await;
        }
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
                other => return other,
            };
        }
    }

    /// Lets the roles sign in.
    pub(super) async fn open_logins(&mut self) -> Result<(), Failure> {
        let sql = "ALTER ROLE {owner} LOGIN; ALTER ROLE {app} LOGIN; ALTER ROLE {readonly} LOGIN;";
        self.admin.run("letting the roles sign in", self.names.fill(sql)).await
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
