//! An operator's own server: waiting for it, and refusing one on which the portal could not do its work.

use super::explain;
use innkeeper_domain::{backoff::Backoff, connection::Endpoint, plan::Extension};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    io::{self, ErrorKind},
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout};

/// How long a server that is not there yet is waited for: it may be starting with the portal.
const PATIENCE: Duration = Duration::from_mins(1);
/// The longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The first and the longest pause between two tries.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(100), Duration::from_secs(2));

/// Why the portal does not work with the server of `INNKEEPER_DATABASE_URL`.
#[derive(Debug, thiserror::Error)]
#[error("INNKEEPER_DATABASE_URL: {problem}. {advice}")]
pub struct ExternalError {
    problem: String,
    advice: &'static str,
    /// What the server or the network said, where it was that.
    #[source]
    source: Option<sqlx::Error>,
}

impl ExternalError {
    /// Something that was found out by asking.
    pub(super) fn found(problem: impl Into<String>, advice: &'static str) -> Self {
        Self { problem: problem.into(), advice, source: None }
    }

    /// What a failed connection means.
    fn of(server: &str, error: sqlx::Error) -> Self {
        let (problem, advice) = match &error {
            sqlx::Error::Tls(said) if said.to_string().contains("does not support TLS") => (
                format!("the server {server} speaks no TLS"),
                "Give it a certificate: ssl = on, ssl_cert_file and ssl_key_file in postgresql.conf. Customers connect \
                 with sslmode=verify-full only",
            ),
            error if is_tls(error) => (
                format!(
                    "the certificate of the server {server} does not hold by the root certificate of sslrootcert="
                ),
                "sslrootcert= must name the certificate of the authority that signed the server's, and that must be in \
                 date, made out for the host of the URL, and not be an authority itself: one that signed itself will \
                 not do for all clients",
            ),
            sqlx::Error::Database(said) => {
                let problem = format!("the server {server} does not let its login in");
                let advice = match said.code().as_deref() {
                    Some("28P01") => "Check user and password in it",
                    Some("28000") => {
                        "Its pg_hba.conf must let that user in from this machine, to the database postgres and the one \
                         in the URL"
                    }
                    Some("3D000") => {
                        "The portal administers a server in its database postgres: make that again"
                    }
                    _ => "The server's log says more",
                };
                (problem, advice)
            }
            _ => (
                format!("the server {server} could not be reached"),
                "Does it run, does it listen on that address, and is nothing in between?",
            ),
        };
        Self { problem, advice, source: Some(error) }
    }
}

/// Opens a session there, once the server answers; what another try would not change is an error at once.
pub(super) async fn connect(server: &str, options: &PgConnectOptions) -> Result<PgConnection, ExternalError> {
    wait(server, options, PATIENCE).await
}

async fn wait(
    server: &str,
    options: &PgConnectOptions,
    patience: Duration,
) -> Result<PgConnection, ExternalError> {
    let end = Instant::now() + patience;
    let mut backoff = PAUSES;
    let mut waits = false;
    loop {
        let error = match once(options).await {
            Ok(connection) => {
                if waits {
                    tracing::info!(server, "PostgreSQL answers now");
                }
                return Ok(connection);
            }
            Err(error) => error,
        };
        let pause = backoff.pause();
        if !passes(&error) || Instant::now() + pause > end {
            return Err(ExternalError::of(server, error));
        }
        if !waits {
            tracing::warn!(
                server,
                error = explain(&error),
                "PostgreSQL does not answer yet; trying again for up to {} s",
                patience.as_secs()
            );
            waits = true;
        }
        sleep(pause).await;
    }
}

async fn once(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let late = || io::Error::new(ErrorKind::TimedOut, format!("no answer within {} s", ANSWER.as_secs()));
    timeout(ANSWER, options.connect()).await.unwrap_or_else(|_| Err(late().into()))
}

/// Whether it may be another answer in a moment: not there yet, starting, or out of connections (PostgreSQL, appendix
/// A).
fn passes(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(said) => {
            said.code().is_some_and(|code| matches!(code.get(..2), Some("53" | "57")))
        }
        sqlx::Error::Io(_) => !is_tls(error),
        _ => false,
    }
}

/// Whether the certificate or the talk about it was at fault; the TLS library says that as data that do not hold.
fn is_tls(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Tls(_) => true,
        sqlx::Error::Io(error) => error.kind() == ErrorKind::InvalidData,
        _ => false,
    }
}

#[derive(sqlx::FromRow)]
struct Facts {
    login: String,
    version: i32,
    superuser: bool,
    standby: bool,
    tls: bool,
    missing: Vec<String>,
}

/// Refuses a server on which tenants cannot be made.
pub(super) async fn check(server: &str, connection: &mut PgConnection) -> Result<(), ExternalError> {
    let ask = sqlx::query_as(
        "SELECT current_user::text AS login, current_setting('server_version_num')::int / 10000 AS version,
                current_setting('is_superuser') = 'on' AS superuser, pg_is_in_recovery() AS standby,
                current_setting('ssl') = 'on' AS tls,
                ARRAY(SELECT wanted FROM unnest($1::text[]) AS wanted WHERE NOT EXISTS (
                    SELECT FROM pg_available_extensions a WHERE a.name = wanted)) AS missing",
    );
    let wanted: Vec<_> = Extension::ALL.iter().map(|extension| extension.name()).collect();
    let facts: Facts =
        ask.bind(wanted).fetch_one(connection).await.map_err(|error| ExternalError::of(server, error))?;
    let Facts { login, version, superuser, standby, tls, missing } = facts;
    let wrong = |problem: String, advice| Err(ExternalError::found(problem, advice));
    if version < 15 {
        return wrong(
            format!("the server {server} is PostgreSQL {version}"),
            "15 to 18 are supported: upgrade it, or name another server",
        );
    }
    if standby {
        return wrong(
            format!("the server {server} is a standby, on which nothing can be written"),
            "Name the primary",
        );
    }
    if !superuser {
        return wrong(
            format!("its login {login} is no superuser of the server {server}"),
            "The portal makes databases and roles that belong to none of its own roles, and writes pg_hba.conf by SQL: \
             as an administrator run ALTER ROLE … SUPERUSER, or name a login that is one. Managed servers that give \
             nobody this right are not supported",
        );
    }
    if !tls {
        return wrong(
            format!("the server {server} speaks no TLS"),
            "Give it a certificate: ssl = on, ssl_cert_file and ssl_key_file in postgresql.conf. Customers connect \
             with sslmode=verify-full only",
        );
    }
    if !missing.is_empty() {
        return wrong(
            format!("the server {server} lacks the extensions {}", missing.join(", ")),
            "Install PostgreSQL's contrib modules there; on Debian they come with the server",
        );
    }
    Ok(())
}

/// Connects as customers are told to: to the host, over TLS, with the certificate checked. They have other logins, so
/// it does not matter that this one comes without its password.
pub(super) async fn check_for_customers(
    endpoint: &Endpoint,
    ca_certificate: &str,
    login: &str,
) -> Result<(), ExternalError> {
    let server = format!("{}:{}", endpoint.host, endpoint.port);
    let options = PgConnectOptions::new_without_pgpass()
        .host(&endpoint.host)
        .port(endpoint.port)
        .username(login)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert_from_pem(ca_certificate.as_bytes().to_vec());
    match once(&options).await {
        Ok(connection) => {
            // Nothing depends on how this ends: the server was reached.
            let _ = connection.close().await;
            Ok(())
        }
        Err(sqlx::Error::Database(_)) => Ok(()),
        Err(error) => Err(ExternalError::of(&server, error)),
    }
}

/// Whether statements are counted there. A library that was not loaded with the server leaves customers with an
/// extension whose views only say so.
pub(super) async fn counts_statements(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    // The setting is there only where the library is; `shared_preload_libraries` may name it in several ways.
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_settings WHERE name = 'pg_stat_statements.max')")
        .fetch_one(connection)
        .await
}

/// How long somebody may hold a connection there without having signed in.
pub(super) async fn authentication_timeout(connection: &mut PgConnection) -> Result<Duration, sqlx::Error> {
    let ask = "SELECT setting::int FROM pg_settings WHERE name = 'authentication_timeout'";
    let seconds: i32 = sqlx::query_scalar(ask).fetch_one(connection).await?;
    Ok(Duration::from_secs(seconds.unsigned_abs().into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    fn options(port: u16) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(port)
            .username("u")
            .password("hunter2")
            .ssl_mode(PgSslMode::VerifyFull)
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_given_up_in_the_end() {
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let began = Instant::now();
        let error = wait("db:5432", &options(port), Duration::from_secs(1)).await.unwrap_err();
        assert!(began.elapsed() > Duration::from_millis(500), "it was not tried again");
        let said = explain(&error);
        assert!(said.contains("INNKEEPER_DATABASE_URL") && said.contains("db:5432"), "{said}");
        assert!(said.contains("Does it run") && said.contains("refused"), "{said}");
        assert!(!format!("{said}{error:?}").contains("hunter2"), "{error:?}");
    }

    #[tokio::test]
    async fn a_server_without_tls_is_refused_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 8];
                stream.read_exact(&mut request).await.unwrap();
                stream.write_all(b"N").await.unwrap();
            }
        });
        let began = Instant::now();
        let error = wait("db:5432", &options(port), Duration::from_secs(30)).await.unwrap_err();
        assert!(began.elapsed() < Duration::from_secs(10));
        let said = explain(&error);
        assert!(said.contains("speaks no TLS") && said.contains("ssl = on"), "{said}");
    }
}
