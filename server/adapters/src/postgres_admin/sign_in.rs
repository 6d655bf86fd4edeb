//! The probe signs in as customers do. It has a client of its own (ADR 10): sqlx 0.9.0 leaves Nagle's algorithm on, so
//! that each sign-in over TCP waits twice for a delayed acknowledgement.

use super::{access::ProbeAccess, failure::Failure};
use innkeeper_domain::ports::{SignIn, SignInAnswer};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use std::{error::Error as _, io::ErrorKind, sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio_postgres::{
    Config,
    config::SslMode,
    tls::{MakeTlsConnect, TlsConnect},
};
use tokio_postgres_rustls::MakeRustlsConnect;

const DOING: &str = "signing in";
/// Longest time for coming in, reading back and leaving.
const DEADLINE: Duration = Duration::from_secs(10);
/// What the probe calls itself, so that its sessions are not taken for a customer's.
pub(super) const PROBE: &str = "innkeeper_probe";

/// What a session sees of itself.
const LOOK: &str = "SELECT current_user::text, current_database()::text,
        (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()),
        (SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension),
        EXISTS (SELECT FROM pg_namespace WHERE nspname = 'public' AND has_schema_privilege(oid, 'CREATE')),
        has_database_privilege(current_database(), 'TEMPORARY')";

/// Signs in as a customer would, over TLS with the server's certificate checked, and reads back what it finds.
pub(super) async fn sign_in(
    probe: &ProbeAccess,
    ca: &str,
    attempt: &SignIn,
) -> Result<SignInAnswer, Failure> {
    let mut tls = trusting(ca)?;
    let mut options = Config::new();
    options
        .user(&attempt.user)
        .password(attempt.password.expose())
        .dbname(&attempt.database)
        .ssl_mode(SslMode::Require)
        .application_name(PROBE)
        .options("-c search_path=pg_catalog");
    let visit = async {
        let stream = connect(probe).await.map_err(|error| Failure::later(DOING, error.to_string()))?;
        let tls = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut tls, &probe.host);
        let Ok(tls) = tls;
        match look(&options, stream, tls).await {
            Ok(found) => Ok(found),
            Err(error) => answer(&error).ok_or_else(|| failure(&error)),
        }
    };
    let late = |_| Err(Failure::later(DOING, format!("no answer within {} s", DEADLINE.as_secs())));
    tokio::time::timeout(DEADLINE, visit).await.unwrap_or_else(late)
}

/// To the first of the host's addresses that takes the connection. The client itself would go on to the next one after
/// a refused password, too, and tell of the last: libpq does not.
async fn connect(probe: &ProbeAccess) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect((&*probe.host, probe.port)).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// TLS that checks chain and name against these certificates (PEM) and the public ones.
fn trusting(ca: &str) -> Result<MakeRustlsConnect, Failure> {
    let wrong = |what: String| Failure::refused(DOING, format!("the CA certificate cannot be used: {what}"));
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

async fn look(
    options: &Config,
    stream: TcpStream,
    tls: impl TlsConnect<TcpStream>,
) -> Result<SignInAnswer, tokio_postgres::Error> {
    let (client, connection) = options.connect_raw(stream, tls).await?;
    let asking = async {
        let found = client.query_one(LOOK, &[]).await;
        // The connection ends when nobody can ask any more.
        drop(client);
        found
    };
    let (found, ended) = tokio::join!(asking, connection);
    let row = found?;
    ended?;
    let extensions: Option<String> = row.try_get(3)?;
    Ok(SignInAnswer::In {
        user: row.try_get(0)?,
        database: row.try_get(1)?,
        tls: row.try_get(2)?,
        extensions: extensions.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
        may_create: row.try_get(4)?,
        may_use_temp: row.try_get(5)?,
    })
}

/// What the server said, where it does not let this user in: rules or password (class 28), no right to connect, no such
/// database, no connection left.
fn answer(error: &tokio_postgres::Error) -> Option<SignInAnswer> {
    let code = error.code()?.code();
    if code == "53300" {
        return Some(SignInAnswer::Full);
    }
    (code.starts_with("28") || code == "42501" || code == "3D000")
        .then(|| SignInAnswer::Refused { code: code.to_owned() })
}

/// The server's first line only; a certificate that does not hold stays wrong, anything else of the network passes.
fn failure(error: &tokio_postgres::Error) -> Failure {
    if let Some(said) = error.as_db_error() {
        return Failure::said(DOING, said.message(), said.code().code());
    }
    let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    match io.map(std::io::Error::kind) {
        // A certificate that does not hold; a host that no certificate can name.
        Some(ErrorKind::InvalidData | ErrorKind::InvalidInput) => Failure::refused(DOING, cause),
        _ => Failure::later(DOING, cause),
    }
}
