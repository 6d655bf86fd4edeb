//! New passwords, or none, for the roles of a tenant in which somebody may be who should not.
//!
//! Any role may change its own password and its own settings, also those that hold in one database, and whoever is in
//! does so as he likes. So everybody is kept out and ended first ([`Held::cut_off`]); then what the roles are is written
//! anew whole.

use super::{connection::within, failure::Failure, quote, session::Held};
use innkeeper_domain::ports::RoleVerifiers;
use std::time::Duration;
use tokio::time::Instant;

const DOING: &str = "resetting the roles";
/// How long somebody may take to sign in who began before the passwords changed. It takes milliseconds; what takes
/// longer is ended, whoever it is, since nobody can tell whose it is before it has signed in.
const SIGN_IN: Duration = Duration::from_secs(2);
/// Between two looks at them.
const PAUSE: Duration = Duration::from_millis(20);

impl Held {
    /// Cuts the tenant off and makes its roles what they were made as, with these verifiers.
    pub(super) async fn reset_roles(&mut self, verifiers: &RoleVerifiers) -> Result<(), Failure> {
        let anew = self.closed_roles(verifiers)?;
        // Where a session does not end, the old passwords go all the same.
        let cut_off = self.cut_off().await;
        let settings = self.own_settings().await?;
        self.force(DOING, settings + &anew).await?;
        cut_off?;
        self.end_earlier_sign_ins().await
    }

    /// Statements that clear what the roles have set for themselves, everywhere and in single databases. Those of the
    /// layout are set again by the statements that make a role.
    async fn own_settings(&mut self) -> Result<String, Failure> {
        let query = sqlx::query_as(
            "SELECT r.rolname::text, d.datname::text FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
             LEFT JOIN pg_database d ON d.oid = s.setdatabase WHERE r.rolname = ANY($1)",
        );
        let query = query.bind(self.names.logins()).fetch_all(self.admin.raw());
        let settings: Vec<(String, Option<String>)> = within(DOING, query).await?;
        let query = sqlx::query_scalar(
            "SELECT rolname::text FROM pg_roles WHERE rolname = ANY($1) AND rolvaliduntil < 'infinity'",
        );
        let query = query.bind(self.names.logins()).fetch_all(self.admin.raw());
        let ending: Vec<String> = within(DOING, query).await?;
        let clear = |(role, database): (String, Option<String>)| {
            let place = database.map(|name| format!(" IN DATABASE {}", quote::identifier(&name)));
            format!("ALTER ROLE {}{} RESET ALL;\n", quote::identifier(&role), place.unwrap_or_default())
        };
        let prolong =
            |role: String| format!("ALTER ROLE {} VALID UNTIL 'infinity';\n", quote::identifier(&role));
        Ok(settings.into_iter().map(clear).chain(ending.into_iter().map(prolong)).collect())
    }

    /// Waits for those who began to sign in before the passwords changed, and ends who takes too long.
    ///
    /// PostgreSQL reads a role's verifier when the exchange of SCRAM begins. Who stops in the middle of it, for as long
    /// as `authentication_timeout` lets him, is let in by the old password although it was changed meanwhile, unless
    /// the role may not sign in at that moment. Such a connection is no session yet (or, from 18 on, one without a
    /// user), but its transaction has begun.
    async fn end_earlier_sign_ins(&mut self) -> Result<(), Failure> {
        let mut earlier = self.signing_in().await?;
        let end = Instant::now() + SIGN_IN;
        while !earlier.is_empty() {
            if Instant::now() > end + SIGN_IN {
                return Err(Failure::later(DOING, "a connection that began to sign in before does not end"));
            }
            if Instant::now() > end {
                let query =
                    sqlx::query_scalar("SELECT count(pg_terminate_backend(pid)) FROM unnest($1) AS pid");
                let query = query.bind(&earlier).fetch_one(self.admin.raw());
                let _ended: i64 = within(DOING, query).await?;
            }
            tokio::time::sleep(PAUSE).await;
            let still = self.signing_in().await?;
            earlier.retain(|pid| still.contains(pid));
        }
        Ok(())
    }

    /// The processes of those who are on their way in, and of whom it is not known yet who they are.
    async fn signing_in(&mut self) -> Result<Vec<i32>, Failure> {
        let query = sqlx::query_scalar(
            "SELECT l.pid FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid)
             WHERE l.locktype = 'virtualxid' AND l.granted AND l.pid IS NOT NULL
               AND (a.pid IS NULL OR a.backend_type = 'client backend' AND a.usesysid IS NULL)",
        );
        within(DOING, query.fetch_all(self.admin.raw())).await
    }
}
