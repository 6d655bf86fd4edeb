//! Plan D: what a good bare script does for the same result. Batches, extensions in a template database, one rule,
//! one reload, three parallel sign-ins over TLS. No journal, no undo, no audit, no proof of refusals.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Result, postgres::PgConnectOptions, raw_sql};
use std::{
    io::Write,
    path::Path,
    time::{Duration, Instant},
};

/// Where the script works.
pub struct Bare<'a> {
    /// The superuser's way in.
    pub admin: PgConnectOptions,
    /// How customers sign in: host, port, TLS with the CA.
    pub customer: PgConnectOptions,
    /// The server's rules.
    pub hba_file: &'a Path,
}

const TEMPLATE: &str = "bench_template";

impl Bare<'_> {
    /// The template with the extensions; made once, not timed.
    pub async fn prepare(&self) -> Result<()> {
        let mut conn = PgConnection::connect_with(&self.admin).await?;
        run(&mut conn, format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0")).await?;
        let mut inside = PgConnection::connect_with(&self.admin.clone().database(TEMPLATE)).await?;
        run(&mut inside, "CREATE EXTENSION pg_stat_statements; CREATE EXTENSION pgcrypto; CREATE EXTENSION \"uuid-ossp\"; CREATE EXTENSION citext".into()).await?;
        inside.close().await?;
        run(&mut conn, format!("ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true"))
            .await?;
        conn.close().await
    }

    /// Makes one database with everything; how long it took.
    pub async fn create(&self, name: &str) -> Result<Duration> {
        let begun = Instant::now();
        let mut conn = PgConnection::connect_with(&self.admin).await?;
        let roles = [("owner", 5), ("app", 35), ("readonly", 10)];
        let made = roles.map(|(role, limit)| {
            format!(
                "CREATE ROLE {name}_{role} LOGIN CONNECTION LIMIT {limit} PASSWORD 'bench-{name}-{role}';"
            )
        });
        run(&mut conn, made.concat()).await?;
        run(&mut conn, format!("CREATE DATABASE {name} OWNER {name}_owner TEMPLATE {TEMPLATE}")).await?;
        run(&mut conn, format!(
            "REVOKE ALL ON DATABASE {name} FROM PUBLIC; GRANT CONNECT ON DATABASE {name} TO {name}_app, {name}_readonly;
             ALTER DATABASE {name} CONNECTION LIMIT 50; ALTER DATABASE {name} SET work_mem = '4MB';
             ALTER DATABASE {name} SET maintenance_work_mem = '4MB'; ALTER DATABASE {name} SET effective_cache_size = '256MB';
             ALTER DATABASE {name} SET temp_file_limit = '1GB';
             ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '10min';
             ALTER DATABASE {name} SET log_min_duration_statement = '-1'"
        )).await?;
        let mut inside = PgConnection::connect_with(&self.admin.clone().database(name)).await?;
        run(&mut inside, format!(
            "ALTER SCHEMA public OWNER TO {name}_owner; GRANT USAGE ON SCHEMA public TO {name}_app, {name}_readonly;
             ALTER DEFAULT PRIVILEGES FOR ROLE {name}_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {name}_app;
             ALTER DEFAULT PRIVILEGES FOR ROLE {name}_owner GRANT SELECT ON TABLES TO {name}_readonly;
             ALTER DEFAULT PRIVILEGES FOR ROLE {name}_owner GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {name}_app"
        )).await?;
        inside.close().await?;
        self.let_in(&mut conn, name).await?;
        conn.close().await?;
        futures::future::try_join_all(roles.map(|(role, _)| self.sign_in(name, role))).await?;
        Ok(begun.elapsed())
    }

    /// Appends the rule and reloads until it is in force.
    async fn let_in(&self, conn: &mut PgConnection, name: &str) -> Result<()> {
        let mut file = std::fs::OpenOptions::new().append(true).open(self.hba_file)?;
        for role in ["owner", "app", "readonly"] {
            writeln!(file, "hostssl {name} {name}_{role} 127.0.0.1/32 scram-sha-256")?;
        }
        file.sync_all()?;
        let before: String =
            sqlx::query_scalar("select pg_conf_load_time()::text").fetch_one(&mut *conn).await?;
        run(conn, "select pg_reload_conf()".into()).await?;
        loop {
            let mut fresh = PgConnection::connect_with(&self.admin).await?;
            let now: String =
                sqlx::query_scalar("select pg_conf_load_time()::text").fetch_one(&mut fresh).await?;
            fresh.close().await?;
            if now != before {
                return Ok(());
            }
        }
    }

    async fn sign_in(&self, name: &str, role: &str) -> Result<()> {
        let (user, password) = (format!("{name}_{role}"), format!("bench-{name}-{role}"));
        let options = self.customer.clone().database(name).username(&user).password(&password);
        let mut conn = PgConnection::connect_with(&options).await?;
        run(&mut conn, "select 1".into()).await?;
        conn.close().await
    }
}

async fn run(conn: &mut PgConnection, sql: String) -> Result<()> {
    raw_sql(AssertSqlSafe(sql)).execute(conn).await.map(drop)
}
