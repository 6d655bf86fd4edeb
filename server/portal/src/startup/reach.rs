//! How the control database and the server it stands on are reached: over the embedded cluster's socket, or by URL.

use super::{
    StartError,
    customers::{own_address, probe, root_certificate},
    external,
    migrations::migrations_that_ran,
    pool,
};
use innkeeper_adapters::{
    embedded::{
        ClusterAddress, EmbeddedSettings,
        bootstrap::{self, BootstrapError, DATABASE, OWNER_ROLE, WEB_ROLE, WORKER_ROLE},
    },
    postgres_admin::{PostgresServer, ProbeAccess, ServerAccess},
    system::{OsRandom, SystemClock},
};
use innkeeper_domain::{connection::Endpoint, ids::Ids, secret::Secret};
use innkeeper_service::{context::deps::Store, db::MIGRATIONS};
use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    str::FromStr as _,
    sync::Arc,
    time::Duration,
};
use url::Url;

/// The name under which the server that holds the control database is registered.
pub const FIRST_SERVER: &str = "first";
/// The database that every server has, for work on the server as a whole.
const MAINTENANCE: &str = "postgres";
/// The embedded cluster's data, below the data folder.
const EMBEDDED_DATA: &str = "postgres/cluster";
/// Connections of the pages and of the work in the background.
const WEB_CONNECTIONS: u32 = 16;
const WORKER_CONNECTIONS: u32 = 24;

/// What is wrong with a server that does not count statements, and what to do.
pub const NOT_COUNTED: &str =
    "pg_stat_statements is not loaded with the server: customers who choose that extension cannot read it";
/// See [`NOT_COUNTED`].
pub const COUNT_THEM: &str =
    "add pg_stat_statements to shared_preload_libraries in postgresql.conf and restart PostgreSQL";

/// What the doctor asks of a server's settings.
pub struct ServerSettings {
    /// Whether statements are counted, for the extension `pg_stat_statements`.
    pub counts_statements: bool,
    /// How long somebody may hold a connection without having signed in.
    pub authentication: Duration,
}

/// The way to a control database.
pub struct Reach {
    way: Way,
    /// Where the customers of its server reach it.
    pub endpoint: Endpoint,
    /// The certificate by which they check it (PEM).
    pub ca_certificate: String,
}

enum Way {
    Socket {
        address: ClusterAddress,
        listen: Vec<IpAddr>,
        programs: Option<PathBuf>,
        data: PathBuf,
    },
    /// `checked`: the certificate is checked as customers do it.
    Url {
        options: Box<PgConnectOptions>,
        database: String,
        checked: bool,
    },
}

impl Reach {
    /// Over the socket of a running embedded cluster.
    pub fn socket(address: ClusterAddress, settings: &EmbeddedSettings, ca_certificate: String) -> Self {
        let endpoint = Endpoint { host: address.host().to_owned(), port: address.port() };
        let (listen, programs) = (settings.listen.clone(), settings.binaries.clone());
        let data = settings.data_dir.join(EMBEDDED_DATA);
        Self { way: Way::Socket { address, listen, programs, data }, endpoint, ca_certificate }
    }

    /// By URL. Its form was checked when the configuration was read.
    pub fn url(url: &Secret) -> Result<Self, StartError> {
        let unusable = |source| StartError::Connect { role: "its administrator", source };
        let mut options =
            PgConnectOptions::from_str(url.expose()).map_err(unusable)?.disable_statement_logging();
        let database = options.get_database().unwrap_or(DATABASE).to_owned();
        let parsed = Url::parse(url.expose()).ok();
        let parameter = |wanted: &str| {
            let mut pairs = parsed.iter().flat_map(Url::query_pairs);
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
        };
        if options.get_socket().is_some() {
            // A socket stays on this machine; servers speak no TLS there.
            options = options.ssl_mode(PgSslMode::Disable);
        } else if parameter("sslmode").is_none() {
            options = options.ssl_mode(PgSslMode::VerifyFull);
        }
        let checked =
            options.get_socket().is_none() && parameter("sslmode").is_none_or(|mode| mode == "verify-full");
        let ca_certificate = root_certificate(PathBuf::from(parameter("sslrootcert").unwrap_or_default()))?;
        let endpoint = Endpoint { host: options.get_host().to_owned(), port: options.get_port() };
        Ok(Self { way: Way::Url { options: Box::new(options), database, checked }, endpoint, ca_certificate })
    }

    /// A pool of the web role, for pages. It keeps its connections.
    pub fn web(&self) -> PgPool {
        let options = self.options(WEB_ROLE).application_name("innkeeper web");
        pool::kept(options, self.switch(WEB_ROLE), WEB_CONNECTIONS)
    }

    /// A pool of the worker role, for work in the background. It keeps its connections.
    pub fn background(&self) -> PgPool {
        pool::kept(self.worker_options(), self.switch(WORKER_ROLE), WORKER_CONNECTIONS)
    }

    /// A pool of the worker role, for a command beside the portal.
    pub fn worker(&self) -> PgPool {
        pool::lazy(self.worker_options(), self.switch(WORKER_ROLE), WORKER_CONNECTIONS)
    }

    /// The control database as the worker role, for use cases of a command beside the portal.
    pub fn store(&self) -> Store {
        let random = Arc::new(OsRandom);
        Store { pool: self.worker(), ids: Ids::new(Arc::new(SystemClock), random.clone()), random }
    }

    fn worker_options(&self) -> PgConnectOptions {
        // It asks by key, so that one plan fits all: none is made for each execution on each connection.
        let plans = [("plan_cache_mode", "force_generic_plan")];
        self.options(WORKER_ROLE).application_name("innkeeper worker").options(plans)
    }

    /// A connection of the owner, for migrations.
    pub async fn owner(&self) -> Result<PgConnection, StartError> {
        let refused = |source| StartError::Connect { role: OWNER_ROLE, source };
        // Without the notices of statements that find their work done.
        let options = self.options(OWNER_ROLE).options([("client_min_messages", "warning")]);
        let mut connection = options.connect().await.map_err(refused)?;
        if matches!(self.way, Way::Url { .. }) {
            pool::become_role(&mut connection, OWNER_ROLE).await.map_err(refused)?;
        }
        Ok(connection)
    }

    /// Makes roles and database where they are missing, and brings the schema up to date. How many migrations ran.
    pub async fn migrate(&self) -> Result<usize, StartError> {
        let mut admin = self.administrator().await?;
        let database = self.database();
        let made = bootstrap::ensure_control_database(&mut admin, database).await?;
        for name in &made.open_to_public {
            tracing::warn!(
                database = name,
                "every role may connect to this database; as an administrator run REVOKE ALL ON DATABASE … FROM PUBLIC"
            );
        }
        let mut owner = self.owner().await?;
        let before = migrations_that_ran(&mut owner).await?;
        MIGRATIONS.run(&mut owner).await?;
        let after = migrations_that_ran(&mut owner).await?;
        for connection in [admin, owner] {
            // Nothing depends on how this ends: what was done is committed.
            let _ = connection.close().await;
        }
        Ok(after - before)
    }

    /// The administrator in the maintenance database: the same for all portals, since advisory locks are per database.
    /// An operator's server is waited for, and refused where the portal could not do its work there.
    async fn administrator(&self) -> Result<PgConnection, StartError> {
        let (login, checked) = match &self.way {
            Way::Socket { address, .. } => {
                let connected = address.superuser_options(MAINTENANCE).connect().await;
                return Ok(connected.map_err(BootstrapError::Query)?);
            }
            Way::Url { options, checked, .. } => ((**options).clone().database(MAINTENANCE), *checked),
        };
        let server = format!("{}:{}", self.endpoint.host, self.endpoint.port);
        let mut connection = external::connect(&server, &login).await?;
        external::check(&server, &mut connection).await?;
        if !checked {
            external::check_for_customers(&self.endpoint, &self.ca_certificate, login.get_username()).await?;
        }
        let counts = external::counts_statements(&mut connection).await;
        if !counts.map_err(BootstrapError::Query)? {
            tracing::warn!(server, "{NOT_COUNTED}; {COUNT_THEM}");
        }
        Ok(connection)
    }

    /// How the server is set up, as far as the doctor judges it.
    pub async fn settings(&self) -> Result<ServerSettings, StartError> {
        let refused = |source| StartError::Connect { role: "its administrator", source };
        let options = match &self.way {
            Way::Socket { address, .. } => address.superuser_options(MAINTENANCE),
            Way::Url { options, .. } => (**options).clone().database(MAINTENANCE),
        };
        let mut connection = options.connect().await.map_err(refused)?;
        let counts_statements = external::counts_statements(&mut connection).await.map_err(refused)?;
        let authentication = external::authentication_timeout(&mut connection).await.map_err(refused)?;
        // Nothing depends on how this ends: the answer is there.
        let _ = connection.close().await;
        Ok(ServerSettings { counts_statements, authentication })
    }

    /// The server as one that tenants live on.
    pub async fn tenant_server(&self) -> Result<PostgresServer, StartError> {
        let (admin, probe) = match &self.way {
            Way::Socket { address, listen, .. } => {
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
                let source = match source {
                    Some(net) => net.addr(),
                    None => own_address(&self.endpoint).await?,
                };
                let Endpoint { host, port } = self.endpoint.clone();
                (admin, ProbeAccess { host, port, source })
            }
        };
        let (endpoint, ca_certificate) = (self.endpoint.clone(), self.ca_certificate.clone());
        let control_database = Some(self.database().to_owned());
        let shared = matches!(self.way, Way::Url { .. });
        let programs = self.programs().map(Path::to_owned);
        let data = match &self.way {
            Way::Socket { data, .. } => Some(data.clone()),
            // It may be on this machine or not; nothing says so.
            Way::Url { .. } => None,
        };
        Ok(PostgresServer::new(ServerAccess {
            admin,
            endpoint,
            ca_certificate,
            probe,
            control_database,
            shared,
            programs,
            data,
        }))
    }

    /// The folder of the cluster's own programs, where the operator named one.
    pub fn programs(&self) -> Option<&Path> {
        match &self.way {
            Way::Socket { programs, .. } => programs.as_deref(),
            Way::Url { .. } => None,
        }
    }

    fn database(&self) -> &str {
        match &self.way {
            Way::Socket { .. } => DATABASE,
            Way::Url { database, .. } => database,
        }
    }

    fn options(&self, role: &str) -> PgConnectOptions {
        match &self.way {
            Way::Socket { address, .. } => address.options(role, DATABASE),
            Way::Url { options, .. } => (**options).clone(),
        }
    }

    /// The role that a login of the URL has to become.
    fn switch(&self, role: &'static str) -> Option<&'static str> {
        matches!(self.way, Way::Url { .. }).then_some(role)
    }
}
