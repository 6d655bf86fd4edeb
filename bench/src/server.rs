//! The server on which all ways work, and what several of them do there in the same manner.

use crate::Result;
use innkeeper_tests::{Options, Portal};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use sqlx::{
    AssertSqlSafe, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
    raw_sql,
};
use std::{
    fs::OpenOptions,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

/// The operator's role, and its password.
pub const OPERATOR: &str = "bench_operator";

/// The portal's embedded cluster.
pub struct Server {
    /// The superuser by the Unix socket.
    pub admin: PgConnectOptions,
    /// A superuser by TCP and TLS with a password, as services come that run elsewhere.
    pub operator: PgConnectOptions,
    /// Verifies the server's certificate.
    tls: MakeRustlsConnect,
    /// The certificate authority that customers verify.
    pub ca: PathBuf,
    /// The rules of access.
    pub hba_file: PathBuf,
    /// The folder of the cluster.
    pub cluster: PathBuf,
}

impl Server {
    /// A portal whose server waits for the disk, keeps the times of commits, and knows the operator.
    pub async fn start(options: Options) -> Result<Portal> {
        let mut portal = Portal::start(options.waiting_for_the_disk()).await;
        let mut admin = portal.sql("postgres").await;
        run(&mut admin, "ALTER SYSTEM SET track_commit_timestamp = on".into()).await?;
        run(&mut admin, format!("CREATE ROLE {OPERATOR} LOGIN SUPERUSER PASSWORD '{OPERATOR}'")).await?;
        admin.close().await?;
        portal.stop().await;
        // Now that no portal writes this file at the same time.
        let mut file = OpenOptions::new().append(true).open(portal.cluster().join("pg_hba.conf"))?;
        writeln!(file, "hostssl all {OPERATOR} 127.0.0.1/32 scram-sha-256")?;
        portal.restart().await;
        Ok(portal)
    }

    /// The server of such a portal, with the certificate authority in this file.
    pub fn of(portal: &Portal, ca: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca)?)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let operator = PgConnectOptions::new_without_pgpass()
            .host("localhost")
            .port(portal.database_port())
            .ssl_mode(PgSslMode::VerifyFull)
            .ssl_root_cert(ca)
            .username(OPERATOR)
            .password(OPERATOR)
            .database("postgres");
        Ok(Self {
            admin: portal.superuser("postgres"),
            operator,
            tls: MakeRustlsConnect::new(tls.with_root_certificates(roots).with_no_client_auth()),
            ca: ca.into(),
            hba_file: portal.cluster().join("pg_hba.conf"),
            cluster: portal.cluster(),
        })
    }

    /// A superuser's connection by the socket.
    pub async fn connect(&self, database: &str) -> Result<PgConnection> {
        Ok(PgConnection::connect_with(&self.admin.clone().database(database)).await?)
    }

    /// Nobody shall pay for the pages that another has left to be written.
    pub async fn settle(&self) -> Result<()> {
        let mut admin = self.connect("postgres").await?;
        run(&mut admin, "CHECKPOINT".into()).await?;
        Ok(admin.close().await?)
    }

    /// Appends rules, waits for the disk, and reloads until they are in force.
    pub async fn let_in(&self, admin: &mut PgConnection, rules: &str) -> Result<()> {
        let mut file = OpenOptions::new().append(true).open(&self.hba_file)?;
        file.write_all(rules.as_bytes())?;
        file.sync_all()?;
        let loaded = "select pg_conf_load_time()::text";
        let before: String = sqlx::query_scalar(loaded).fetch_one(&mut *admin).await?;
        run(admin, "select pg_reload_conf()".into()).await?;
        loop {
            let mut fresh = self.connect("postgres").await?;
            let now: String = sqlx::query_scalar(loaded).fetch_one(&mut fresh).await?;
            fresh.close().await?;
            if now != before {
                return Ok(());
            }
        }
    }

    /// Comes by TCP and verified TLS, does this in one message for each statement, and leaves.
    pub async fn visit(
        &self,
        database: &str,
        role: &str,
        password: &str,
        statements: &[String],
    ) -> Result<()> {
        let mut config = tokio_postgres::Config::new();
        config.host("localhost").port(self.admin.get_port()).ssl_mode(SslMode::Require);
        config.dbname(database).user(role).password(password);
        let (client, connection) = config.connect(self.tls.clone()).await?;
        let connection = tokio::spawn(connection);
        for statement in statements {
            client.batch_execute(statement).await?;
        }
        drop(client);
        Ok(connection.await??)
    }
}

/// Runs statements in one message: one transaction, as far as they do not end it.
pub async fn run(conn: &mut PgConnection, sql: String) -> Result<()> {
    raw_sql(AssertSqlSafe(sql)).execute(conn).await?;
    Ok(())
}
