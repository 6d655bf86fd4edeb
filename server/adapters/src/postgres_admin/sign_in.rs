use super::{ProbeAccess, failure::Failure};
use innkeeper_domain::ports::{SignIn, SignInAnswer};
use sqlx::{
    ConnectOptions, Connection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::time::Duration;

const DOING: &str = "signing in";
/// Longest time for coming in, reading back and leaving.
const DEADLINE: Duration = Duration::from_secs(10);
/// What the probe calls itself, so that its sessions are not taken for a customer's.
pub(super) const PROBE: &str = "innkeeper_probe";

#[derive(sqlx::FromRow)]
struct ReadBack {
    user: String,
    database: String,
    tls: bool,
    extensions: Vec<String>,
    may_create: bool,
    may_use_temp: bool,
}

/// Signs in as a customer would, over TLS with the server's certificate checked, and reads back what it finds.
pub(super) async fn sign_in(
    probe: &ProbeAccess,
    ca: &str,
    attempt: &SignIn,
) -> Result<SignInAnswer, Failure> {
    let options = PgConnectOptions::new_without_pgpass()
        .host(&probe.host)
        .port(probe.port)
        .username(&attempt.user)
        .password(attempt.password.expose())
        .database(&attempt.database)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert_from_pem(ca.as_bytes().to_vec())
        .application_name(PROBE)
        .options([("search_path", "pg_catalog")])
        .disable_statement_logging();
    match tokio::time::timeout(DEADLINE, look(&options)).await {
        Ok(Ok(ReadBack { user, database, tls, extensions, may_create, may_use_temp })) => {
            Ok(SignInAnswer::In { user, database, tls, extensions, may_create, may_use_temp })
        }
        Ok(Err(error)) => answer(&error).ok_or_else(|| Failure::of(DOING, &error)),
        Err(_) => Err(Failure::later(DOING, format!("no answer within {} s", DEADLINE.as_secs()))),
    }
}

async fn look(options: &PgConnectOptions) -> sqlx::Result<ReadBack> {
    let mut session = options.connect().await?;
    let found = sqlx::query_as(
        "SELECT current_user::text AS \"user\", current_database()::text AS database,
                (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS tls,
                ARRAY(SELECT extname::text FROM pg_extension ORDER BY 1) AS extensions,
                EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public'
                        AND has_schema_privilege(oid, 'CREATE')) AS may_create,
                has_database_privilege(current_database(), 'TEMPORARY') AS may_use_temp",
    )
    .fetch_one(&mut session)
    .await?;
    session.close().await?;
    Ok(found)
}

/// What the server said, where it does not let this user in: rules or password (class 28), no right to connect, no such
/// database, no connection left.
fn answer(error: &sqlx::Error) -> Option<SignInAnswer> {
    let code = error.as_database_error()?.code()?;
    if code == "53300" {
        return Some(SignInAnswer::Full);
    }
    (code.starts_with("28") || code == "42501" || code == "3D000")
        .then(|| SignInAnswer::Refused { code: code.into_owned() })
}
