//! A throw-away server with TLS, of which each test has its own: roles are shared by all databases of a server.

use innkeeper_adapters::postgres_admin::{PostgresServer, ProbeAccess, ScramVerifier, ServerAccess};
use innkeeper_domain::{
    connection::Endpoint,
    name::TenantName,
    plan::Limits,
    ports::{RoleVerifiers, ServerError, SignIn, TenantServer, Verifier},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection, Row, postgres::PgConnectOptions};
use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
};

/// Rules that an operator might have: one for the machine's own administrator, and a dangerously wide one.
pub const OPERATORS_RULES: &str = "local all postgres trust\nhost all all 127.0.0.1/32 scram-sha-256\n";

pub struct Cluster {
    /// The folder of its programs.
    bin: PathBuf,
    pub folder: PathBuf,
    pub port: u16,
    pub ca: String,
}

impl Cluster {
    /// Starts a server.
    pub fn start() -> Self {
        Self::start_with("shared_preload_libraries = 'pg_stat_statements'\nlog_destination = 'jsonlog'\n")
    }

    /// Starts a server with more lines of configuration.
    pub fn start_with(more: &str) -> Self {
        let bin = std::env::var_os("INNKEEPER_TEST_PG_BIN");
        Self::start_from(bin.map_or_else(|| programs(15), PathBuf::from), more)
    }

    /// Starts a server of this major version.
    pub fn start_version(major: u32) -> Self {
        Self::start_version_with(
            major,
            "shared_preload_libraries = 'pg_stat_statements'\nlog_destination = 'jsonlog'\n",
        )
    }

    /// Starts a server of this major version with these lines of configuration.
    pub fn start_version_with(major: u32, more: &str) -> Self {
        Self::start_from(programs(major), more)
    }

    fn start_from(bin: PathBuf, more: &str) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("innkeeper-test-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let cluster = Self { bin, ca: certificates(&folder), folder, port };
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres:"]).arg(&cluster.folder));
        }
        let data = cluster.data();
        run(cluster.program("initdb").args(["--no-sync", "-U", "postgres", "-A", "trust", "-D"]).arg(&data));
        let folder = cluster.folder.display();
        let settings = format!(
            "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{folder}'\nfsync = off\n\
             ssl = on\nssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\n\
             logging_collector = on\nlog_connections = on\nlog_statement = 'all'\n\
             log_min_duration_statement = 0\nlog_line_prefix = '%m [%p] %q%u@%d '\npg_stat_statements.track = 'all'\n\
             {more}"
        );
        append(&data.join("postgresql.conf"), &settings);
        fs::write(data.join("pg_hba.conf"), OPERATORS_RULES).unwrap();
        run(cluster
            .program("pg_ctl")
            .args(["start", "-w", "-t", "60", "-l"])
            .arg(data.join("start.log"))
            .arg("-D")
            .arg(&data));
        cluster
    }

    /// A program of the server, which refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.bin.join(name);
        if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path).current_dir("/");
            command
        } else {
            Command::new(path)
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn hba(&self) -> PathBuf {
        self.data().join("pg_hba.conf")
    }

    /// The folder of `pg_dump` and `pg_restore` of its version.
    pub fn clients(&self) -> PathBuf {
        if self.bin.join("pg_dump").is_file() { self.bin.clone() } else { installed("pg18-client/bin") }
    }

    /// Everything the server ever logged.
    pub fn log(&self) -> String {
        let read = |entry: Result<fs::DirEntry, _>| fs::read_to_string(entry.unwrap().path()).unwrap();
        fs::read_dir(self.data().join("log")).unwrap().map(read).collect()
    }

    /// The administrator's own way in, not the one under test.
    pub fn options(&self) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .port(self.port)
            .username("postgres")
            .database("postgres")
    }

    /// Waits until a question has an answer.
    pub async fn until(&self, sql: &str) {
        let mut admin = self.connect("postgres").await;
        let wait = async {
            while texts(&mut admin, sql).await.is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.expect(sql);
    }

    pub async fn connect(&self, database: &str) -> PgConnection {
        self.options().database(database).connect().await.unwrap()
    }

    /// A customer's way in, as far as its own options go.
    pub fn customer(&self, user: &str, password: &Secret, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port)
            .username(user)
            .password(password.expose())
            .database(database)
            .ssl_mode(sqlx::postgres::PgSslMode::VerifyFull)
            .ssl_root_cert_from_pem(self.ca.clone().into_bytes())
            .application_name("shop")
    }

    pub fn server(&self) -> PostgresServer {
        self.server_trusting(&self.ca)
    }

    pub fn server_trusting(&self, ca: &str) -> PostgresServer {
        PostgresServer::new(self.access(ca))
    }

    /// All that the code under test is told of the server.
    pub fn access(&self, ca: &str) -> ServerAccess {
        ServerAccess {
            admin: self.options(),
            endpoint: Endpoint { host: "localhost".into(), port: self.port },
            ca_certificate: ca.into(),
            probe: ProbeAccess {
                host: "127.0.0.1".into(),
                port: self.port,
                source: Ipv4Addr::LOCALHOST.into(),
            },
            control_database: None,
            shared: false,
            programs: Some(self.clients()),
            data: Some(self.data()),
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let stop =
            self.program("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.data()).output();
        let removed = fs::remove_dir_all(&self.folder);
        if !std::thread::panicking() {
            assert!(stop.unwrap().status.success());
            removed.unwrap();
        }
    }
}

/// One CA and a certificate for `localhost` and 127.0.0.1; returns the CA.
fn certificates(folder: &Path) -> String {
    let (ca, issuer) = authority();
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = rcgen::CertificateParams::new(names).unwrap();
    // Named as its authority it would look to OpenSSL as if it had signed itself.
    params.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let certificate = params.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("server.crt"), certificate.pem()).unwrap();
    let path = folder.join("server.key");
    fs::write(&path, key.serialize_pem()).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    ca
}

/// A CA of its own.
pub fn authority() -> (String, rcgen::Issuer<'static, rcgen::KeyPair>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(vec![]).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    (params.self_signed(&key).unwrap().pem(), rcgen::Issuer::new(params, key))
}

/// The server's programs, with an `initdb` that gives out copies of one cluster.
fn programs(major: u32) -> PathBuf {
    installed(&format!("copied-clusters/{major}/bin"))
}

/// A folder that script/setup installs for tests.
pub fn installed(below: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../end2end/node_modules").join(below);
    path.canonicalize().unwrap_or_else(|_| panic!("{} is missing: run script/setup test", path.display()))
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn run(command: &mut Command) {
    // No pipes: the started server would keep them open.
    let status =
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn append(path: &Path, text: &str) {
    fs::write(path, fs::read_to_string(path).unwrap() + text).unwrap();
}

/// A tenant with its passwords.
#[derive(Clone)]
pub struct Guest {
    pub name: TenantName,
    pub passwords: PerRole<Secret>,
    pub verifiers: RoleVerifiers,
}

impl Guest {
    pub fn new(name: &str) -> Self {
        let passwords = PerRole::make(|role| Secret::new(format!("Passwordof{name}{}", role.as_str())));
        Self {
            name: TenantName::parse(name).unwrap(),
            verifiers: PerRole::make(|role| Some(ScramVerifier.verifier(passwords.of(role)))),
            passwords,
        }
    }

    pub fn sign_in(&self, role: TenantRole) -> SignIn {
        SignIn {
            database: self.name.to_string(),
            user: self.name.role(role),
            password: self.passwords.of(role).clone(),
        }
    }

    pub async fn connect(&self, cluster: &Cluster, role: TenantRole) -> PgConnection {
        self.try_connect(cluster, role).await.unwrap()
    }

    pub async fn try_connect(&self, cluster: &Cluster, role: TenantRole) -> sqlx::Result<PgConnection> {
        let name = self.name.to_string();
        cluster.customer(&self.name.role(role), self.passwords.of(role), &name).connect().await
    }

    /// The whole way in, in the order of the provisioning steps.
    pub async fn onboard(&self, server: &dyn TenantServer) {
        let mut session = server.lock(&self.name).await.unwrap();
        session.create_roles(&self.verifiers).await.unwrap();
        session.create_database().await.unwrap();
        session.apply_template().await.unwrap();
        session.install_extensions(&innkeeper_domain::plan::Extension::DEFAULT).await.unwrap();
        session.apply_limits(&limits()).await.unwrap();
        session.set_login(true).await.unwrap();
    }

    /// The whole way back.
    pub async fn offboard(&self, server: &dyn TenantServer) {
        let mut session = server.lock(&self.name).await.unwrap();
        session.reset_limits().await.unwrap();
        session.set_login(false).await.unwrap();
        session.drop_database().await.unwrap();
        session.drop_roles().await.unwrap();
    }
}

/// Writes the platform's rules as their one writer does.
pub async fn write_rules(server: &dyn TenantServer, block: &str) -> Result<(), ServerError> {
    server.lock_rules().await?.write(block).await
}

pub fn limits() -> Limits {
    Limits {
        connections: 30,
        role_connections: PerRole { owner: 5, app: 15, readonly: 10 },
        work_mem_mb: 8,
        effective_cache_size_mb: 256,
        storage_gb: 1,
        temp_file_limit_gb: 1,
        idle_in_transaction_minutes: 5,
    }
}

/// The SQLSTATE of a refusal.
pub fn code<T>(result: sqlx::Result<T>) -> String {
    match result {
        Ok(_) => "let in".into(),
        Err(error) => error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .unwrap_or_default()
            .into_owned(),
    }
}

/// Runs a statement.
pub async fn run_sql(session: &mut PgConnection, sql: &str) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(session).await.map(|_| ())
}

/// The first column of each row, as text.
pub async fn texts(session: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(session).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// A port that nobody listens on, below those from which outgoing connections are drawn: otherwise one of another test
/// takes it while initdb runs. Every process has its own part of the range.
fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(8);
    let ports = std::iter::repeat_with(|| {
        let next = own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        20_000 + u16::try_from(next % 12_000).unwrap()
    });
    let free = ports.take(12_000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.expect("a port is free")
}
