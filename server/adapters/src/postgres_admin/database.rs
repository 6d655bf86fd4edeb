use super::{
    connection::within,
    failure::Failure,
    layout::{DATABASE_SQL, PLATFORM, RIGHTS_SQL},
    quote,
    session::Held,
};

/// `datconnlimit` of a database whose removal was interrupted: it can only be dropped (`DATCONNLIMIT_INVALID_DB`).
pub(super) const INVALID: i32 = -2;

impl Held {
    /// Makes the database, unless an earlier try did; its rights are set in any case.
    pub(super) async fn create_database(&mut self) -> Result<(), Failure> {
        let doing = "creating the database";
        let query = sqlx::query_as(
            "SELECT d.datconnlimit, r.rolname::text FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba
             WHERE d.datname = $1",
        );
        let query = query.bind(&self.names.db).fetch_optional(self.admin.raw());
        let there = match within(doing, query).await? {
            Some((INVALID, _)) => {
                self.drop_database().await?;
                false
            }
            Some((_, owner)) if owner != PLATFORM => {
                return Err(Failure::refused(doing, format!("it is there already and belongs to {owner}")));
            }
            Some::<(i32, String)>(_) => true,
            None => false,
        };
        if !there {
            // No template: another portal is just making it anew.
            let passing = |failure: Failure| if failure.is("3D000") { failure.but_later() } else { failure };
            self.admin.run(doing, self.names.fill(DATABASE_SQL)).await.map_err(passing)?;
        }
        self.admin.run(doing, self.names.fill(RIGHTS_SQL)).await
    }

    /// Keeps everybody out of the database, or no longer.
    pub(super) async fn set_closed(&mut self, closed: bool) -> Result<(), Failure> {
        let doing = if closed { "closing the database" } else { "opening the database" };
        self.leave().await;
        let sql = self.names.fill(&format!("ALTER DATABASE {{db}} ALLOW_CONNECTIONS {}", !closed));
        self.admin.run(doing, sql).await?;
        let query = sqlx::query_scalar("SELECT datallowconn FROM pg_database WHERE datname = $1");
        let open: bool = within(doing, query.bind(&self.names.db).fetch_one(self.admin.raw())).await?;
        if open == closed { Err(Failure::refused(doing, "the server holds the opposite")) } else { Ok(()) }
    }

    /// Removes the database with everything in it.
    pub(super) async fn drop_database(&mut self) -> Result<(), Failure> {
        let doing = "dropping the database";
        self.leave().await;
        let query = sqlx::query_scalar("SELECT oid::int8 FROM pg_database WHERE datname = $1");
        let found: Option<i64> =
            within(doing, query.bind(&self.names.db).fetch_optional(self.admin.raw())).await?;
        let Some(oid) = found else { return Ok(()) };
        let sql = self.names.fill("DROP DATABASE IF EXISTS {db} WITH (FORCE)");
        if let Err(failure) = self.run_with_all(doing, sql).await {
            let by = match failure.code.as_deref() {
                // Somebody's lock on the database, or a session in it that does not end.
                Some("55P03") => self.lockers(doing).await?,
                Some("55006") => self.unended(doing, std::time::Duration::ZERO).await?,
                _ => None,
            };
            return Err(by.map_or(failure, |by| Failure::blocked(doing, by)));
        }
        self.forget_statistics(oid).await
    }

    /// Removes what `pg_stat_statements` keeps of a dropped database, where the maintenance database has it. The
    /// statistics are no reason to fail later: once the database is gone its number is no longer known.
    async fn forget_statistics(&mut self, oid: i64) -> Result<(), Failure> {
        let doing = "removing the statistics";
        let query = sqlx::query_scalar(
            "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'pg_stat_statements'
               AND 'pg_stat_statements' = ANY(regexp_split_to_array(current_setting('shared_preload_libraries'), '\\s*,\\s*'))",
        );
        let schema: Option<String> = within(doing, query.fetch_optional(self.admin.raw())).await?;
        let Some(schema) = schema else { return Ok(()) };
        let sql = format!("SELECT {}.pg_stat_statements_reset(0, {oid}, 0)", quote::identifier(&schema));
        self.admin.run(doing, sql).await
    }
}
