//! Dumping a tenant's database by `pg_dump`.
//!
//! It runs as the administrator in a database whose objects a tenant made. `pg_dump` of each supported version sets an
//! empty search path before it looks at anything (CVE-2018-1058), reads no row through a policy, and, from 15.8,
//! 16.4 and 17 on, runs no code of a view or foreign table that was put in a table's place meanwhile (CVE-2024-7348).

use super::{access::ServerAccess, connection::Admin, failure::Failure, prepare};
use crate::programs;
use innkeeper_domain::{name::TenantName, secret::Secret};
use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{path::Path, pin::Pin, process::Stdio};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    process::Command,
};

const DOING: &str = "dumping the database";
/// How much of the dump is on its way at once, in bytes.
const PIECE: usize = 64 * 1024;
/// How much of what `pg_dump` says is kept, in bytes.
const SAID: usize = 4 * 1024;
/// Longest wait for somebody's lock on a table.
const LOCK: &str = "--lock-wait-timeout=30s";
/// Finds out within two minutes that the other end of the connection is gone (libpq, chapter 34.1.2).
const ALIVE: &str = "--dbname=keepalives_idle=60 keepalives_interval=10 keepalives_count=6";
/// Besides the options of all administrative sessions: a session whose `pg_dump` was killed ends although it waits
/// (PostgreSQL, chapter 20.3.2), and says why in English.
const OPTIONS: &str = "-c client_connection_check_interval=5s -c lc_messages=C";

/// Writes the dump and says how many bytes it has.
pub(super) async fn dump(
    access: &ServerAccess,
    tenant: &TenantName,
    mut into: Pin<Box<dyn AsyncWrite + Send>>,
) -> Result<u64, Failure> {
    // By the same way as pg_dump. After this only what may pass is expected to go wrong, and pg_dump has no SQLSTATE.
    let mut admin = Admin::open(&access.admin, Some(tenant.as_str())).await?;
    let server = prepare::major(&mut admin).await?;
    admin.close().await;
    let program = programs::to_dump(access.programs.as_deref(), server).await;
    let program = program.map_err(|cause| Failure::refused(DOING, cause))?;

    let not_run = |error| Failure::later(DOING, format!("{} cannot be run: {error}", program.display()));
    let mut child = command(&program, &access.admin, tenant).spawn().map_err(not_run)?;
    let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(Failure::refused(DOING, "pg_dump has no output"));
    };
    let said = async { programs::beginning(stderr, SAID).await.map_err(not_run) };
    let (bytes, (said, _)) = tokio::try_join!(pass_on(stdout, &mut into), said)?;
    let status = child.wait().await.map_err(not_run)?;
    if !status.success() {
        return Err(Failure::later(DOING, format!("{} ({status})", programs::one_line(&said))));
    }
    into.shutdown().await.map_err(|error| Failure::later("storing the dump", error.to_string()))?;
    Ok(bytes)
}

/// Nothing of the connection stands in the arguments, which everybody on the machine may read.
fn command(program: &Path, admin: &PgConnectOptions, tenant: &TenantName) -> Command {
    let mut command = Command::new(program);
    programs::clean_environment(&mut command);
    let secret = Hidden::of(admin);
    let socket = admin.get_socket().and_then(|path| path.to_str());
    command
        .args(["--format=custom", "--no-password", LOCK, ALIVE])
        .env("PGHOST", socket.unwrap_or(admin.get_host()))
        .env("PGPORT", admin.get_port().to_string())
        .env("PGUSER", admin.get_username())
        .env("PGDATABASE", tenant.as_str())
        .env("PGAPPNAME", admin.get_application_name().unwrap_or("innkeeper"))
        .env("PGOPTIONS", format!("{} {OPTIONS}", admin.get_options().unwrap_or_default()))
        .env("PGSSLMODE", ssl_mode(admin.get_ssl_mode()))
        .env("PGCONNECT_TIMEOUT", "10")
        // What the portal does not use: a password file (there can be none of this name), Kerberos.
        .env("PGPASSFILE", "/dev/null/none")
        .env("PGGSSENCMODE", "disable")
        .envs(secret.password.as_ref().map(|password| ("PGPASSWORD", password.expose())))
        .envs(secret.files.iter().map(|(name, path)| (name, path)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

fn ssl_mode(mode: PgSslMode) -> &'static str {
    match mode {
        PgSslMode::Disable => "disable",
        PgSslMode::Allow => "allow",
        PgSslMode::Prefer => "prefer",
        PgSslMode::Require => "require",
        PgSslMode::VerifyCa => "verify-ca",
        PgSslMode::VerifyFull => "verify-full",
    }
}

/// What the driver gives out in its URL only.
struct Hidden {
    password: Option<Secret>,
    /// As variables of libpq.
    files: Vec<(&'static str, String)>,
}

impl Hidden {
    fn of(admin: &PgConnectOptions) -> Self {
        // A name that would have to be quoted makes no URL.
        let url = admin.clone().username("administrator").host("localhost").to_url_lossy();
        let password = url.password().map(|quoted| {
            let pairs = format!("p={}", quoted.replace('+', "%2B"));
            url::form_urlencoded::parse(pairs.as_bytes()).map(|(_, text)| text).collect::<String>()
        });
        let variable = |name: &str| match name {
            "sslrootcert" => Some("PGSSLROOTCERT"),
            "sslcert" => Some("PGSSLCERT"),
            "sslkey" => Some("PGSSLKEY"),
            _ => None,
        };
        let files = url.query_pairs().filter_map(|(name, value)| {
            // Any other value is the certificate or key itself.
            Some((variable(&name)?, value.strip_prefix("file: ")?.to_owned()))
        });
        Self { password: password.map(Secret::new), files: files.collect() }
    }
}

async fn pass_on(
    mut stdout: impl AsyncRead + Unpin,
    into: &mut Pin<Box<dyn AsyncWrite + Send>>,
) -> Result<u64, Failure> {
    let (mut piece, mut bytes) = (vec![0; PIECE], 0);
    loop {
        let read = stdout.read(&mut piece).await.map_err(|error| Failure::later(DOING, error.to_string()))?;
        if read == 0 {
            return Ok(bytes);
        }
        let stored = into.write_all(&piece[..read]).await;
        stored.map_err(|error| Failure::later("storing the dump", error.to_string()))?;
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests;
