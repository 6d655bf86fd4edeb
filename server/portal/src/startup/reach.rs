//! How the control database and the server it stands on are reached: over the embedded cluster's socket, or by URL.

use super::StartError;
use innkeeper_adapters::{
    embedded::{
        ClusterAddress, EmbeddedSettings,
        bootstrap::{self, BootstrapError, DATABASE, OWNER_ROLE, WEB_ROLE, WORKER_ROLE},
    },
    postgres_admin::{PostgresServer, ProbeAccess, ServerAccess},
};
use innkeeper_domain::{connection::Endpoint, secret::Secret};
use innkeeper_service::store::MIGRATIONS;
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    path::PathBuf,
    str::FromStr as _,
    time::Duration,
};
use url::Url;

/// The name under which the server that holds the control database is registered.
pub const FIRST_SERVER: &str = "first";
/// The database that every server has, for work on the server as a whole.
const MAINTENANCE: &str = "postgres";
/// Connections of the pages and of the work in the background.
const WEB_CONNECTIONS: u32 = 16;
const WORKER_CONNECTIONS: u32 = 24;
/// How long somebody waits for a connection, then for a statement.
const ACQUIRE: Duration = Duration::from_secs(10);
const STATEMENT: &str = "30s";

/// The way to a control database.
pub struct Reach {
    way: Way,
    /// Where the customers of its server reach it.
    pub endpoint: Endpoint,
    /// The certificate by which they check it (PEM).
    pub ca_certificate: String,
}

enum Way {
    Socket { address: ClusterAddress, listen: Vec<IpAddr> },
    Url { options: Box<PgConnectOptions>, database: String },
}

impl Reach {
    /// Over the socket of a running embedded cluster.
    pub fn socket(address: ClusterAddress, settings: &EmbeddedSettings, ca_certificate: String) -> Self {
        let endpoint = Endpoint { host: address.host().to_owned(), port: address.port() };
        Self { way: Way::Socket { address, listen: settings.listen.clone() }, endpoint, ca_certificate }
    }

    /// By URL. Its form was checked when the configuration was read.
    pub fn url(url: &Secret) -> Result<Self, StartError> {
        let unusable = |source| StartError::Connect { role: "its administrator", source };
        let options = PgConnectOptions::from_str(url.expose()).map_err(unusable)?.disable_statement_logging();
        let database = options.get_database().unwrap_or(DATABASE).to_owned();
        let path = Url::parse(url.expose()).ok().and_then(|url| {
            url.query_pairs().find(|(name, _)| name == "sslrootcert").map(|(_, path)| path.into_owned())
        });
        let path = PathBuf::from(path.unwrap_or_default());
        let ca_certificate =
            fs::read_to_string(&path).map_err(|source| StartError::RootCertificate { path, source })?;
        let endpoint = Endpoint { host: options.get_host().to_owned(), port: options.get_port() };
        Ok(Self { way: Way::Url { options: Box::new(options), database }, endpoint, ca_certificate })
    }

    /// A pool of the web role, for pages.
    pub fn web(&self) -> PgPool {
        self.pool(WEB_ROLE, "innkeeper web", WEB_CONNECTIONS)
    }

    /// A pool of the worker role, for work in the background.
    pub fn worker(&self) -> PgPool {
        self.pool(WORKER_ROLE, "innkeeper worker", WORKER_CONNECTIONS)
    }

    /// A connection of the owner, for migrations.
    pub async fn owner(&self) -> Result<PgConnection, StartError> {
        let refused = |source| StartError::Connect { role: OWNER_ROLE, source };
        // Without the notices of statements that find their work done.
        let options = self.options(OWNER_ROLE).options([("client_min_messages", "warning")]);
        let mut connection = options.connect().await.map_err(refused)?;
        if matches!(self.way, Way::Url { .. }) {
            become_role(&mut connection, OWNER_ROLE).await.map_err(refused)?;
        }
        Ok(connection)
    }

    /// Makes roles and database where they are missing, and brings the schema up to date. How many migrations ran.
    pub async fn migrate(&self) -> Result<usize, StartError> {
        let (mut connection, database) = match &self.way {
            Way::Socket { address, .. } => (address.superuser_options(MAINTENANCE).connect().await, DATABASE),
            Way::Url { options, database } => (first_connection(options).await, database.as_str()),
        };
        let connection = connection.as_mut().map_err(|error| BootstrapError::Query(taken(error)))?;
        let made = bootstrap::ensure_control_database(connection, database).await?;
        for name in &made.open_to_public {
            tracing::warn!(
                database = name,
                "every role may connect to this database; as an administrator run REVOKE ALL ON DATABASE … FROM PUBLIC"
            );
        }
        let mut owner = self.owner().await?;
        let before = super::control::applied(&mut owner).await?.len();
        MIGRATIONS.run(&mut owner).await?;
        let after = super::control::applied(&mut owner).await?.len();
        // Nothing depends on how this ends: what was done is committed.
        let _ = owner.close().await;
        Ok(after - before)
    }

    /// The server as one that tenants live on.
    pub async fn tenant_server(&self) -> Result<PostgresServer, StartError> {
        let (admin, probe) = match &self.way {
            Way::Socket { address, listen } => {
                let (host, source) = probe(address.host(), listen);
                (address.superuser_options(MAINTENANCE), ProbeAccess { host, port: address.port(), source })
            }
            Way::Url { options, .. } => {
                let admin = (**options).clone().database(MAINTENANCE);
                let refused = |source| StartError::Connect { role: "its administrator", source };
                let mut connection = admin.connect().await.map_err(refused)?;
                let source: Option<ipnet::IpNet> = sqlx::query_scalar("SELECT pg_catalog.inet_client_addr()")
                    .fetch_one(&mut connection)
                    .await
                    .map_err(refused)?;
                // Nothing depends on how this ends: the answer is there.
                let _ = connection.close().await;
                let source = source.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |net| net.addr());
                let Endpoint { host, port } = self.endpoint.clone();
                (admin, ProbeAccess { host, port, source })
            }
        };
        let (endpoint, ca_certificate) = (self.endpoint.clone(), self.ca_certificate.clone());
        Ok(PostgresServer::new(ServerAccess { admin, endpoint, ca_certificate, probe }))
    }

    fn options(&self, role: &str) -> PgConnectOptions {
        match &self.way {
            Way::Socket { address, .. } => address.options(role, DATABASE),
            Way::Url { options, .. } => (**options).clone(),
        }
    }

    /// Connects when it is first used.
    fn pool(&self, role: &'static str, name: &str, most: u32) -> PgPool {
        let options = self
            .options(role)
            .application_name(name)
            .options([("statement_timeout", STATEMENT), ("idle_in_transaction_session_timeout", STATEMENT)]);
        let switch = matches!(self.way, Way::Url { .. });
        PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(ACQUIRE)
            .after_connect(move |connection, _| {
                Box::pin(async move { if switch { become_role(connection, role).await } else { Ok(()) } })
            })
            .connect_lazy_with(options)
    }
}

async fn become_role(connection: &mut PgConnection, role: &'static str) -> Result<(), sqlx::Error> {
    // One of the three constants.
    sqlx::raw_sql(AssertSqlSafe(format!("SET ROLE {role}"))).execute(connection).await.map(drop)
}

/// Into the database of the URL, or where that is not there yet into the one that every server has.
async fn first_connection(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    match options.connect().await {
        // No such database (PostgreSQL, appendix A).
        Err(error)
            if error.as_database_error().is_some_and(|said| said.code().as_deref() == Some("3D000")) =>
        {
            options.clone().database(MAINTENANCE).connect().await
        }
        other => other,
    }
}

fn taken(error: &mut sqlx::Error) -> sqlx::Error {
    std::mem::replace(error, sqlx::Error::PoolClosed)
}

/// Where the portal tries what customers will do, and from which address that comes.
fn probe(host: &str, listen: &[IpAddr]) -> (String, IpAddr) {
    let on = |local: IpAddr, any: IpAddr| listen.contains(&local) || listen.contains(&any);
    let (v4, v6) = (IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST));
    if on(v4, IpAddr::V4(Ipv4Addr::UNSPECIFIED)) {
        return (v4.to_string(), v4);
    }
    match listen.first() {
        Some(first) if !on(v6, IpAddr::V6(Ipv6Addr::UNSPECIFIED)) => (host.to_owned(), *first),
        _ => (v6.to_string(), v6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_goes_where_the_server_listens() {
        let of = |listen: &[&str]| {
            let listen: Vec<IpAddr> = listen.iter().map(|address| address.parse().unwrap()).collect();
            let (host, source) = probe("db.example", &listen);
            (host, source.to_string())
        };
        assert_eq!(of(&["127.0.0.1"]), ("127.0.0.1".into(), "127.0.0.1".into()));
        assert_eq!(of(&["192.0.2.10", "0.0.0.0"]), ("127.0.0.1".into(), "127.0.0.1".into()));
        assert_eq!(of(&["::1"]), ("::1".into(), "::1".into()));
        assert_eq!(of(&["192.0.2.10"]), ("db.example".into(), "192.0.2.10".into()));
    }
}
