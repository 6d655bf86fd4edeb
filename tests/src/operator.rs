//! A PostgreSQL server as an operator has one: set up by hand, with a CA, a login and rules of its own.

use crate::portal::{copying, free_port};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// The passwords of its logins, as they are and as a URL writes the first.
pub const PASSWORDS: [&str; 2] = ["p@ss/word Geheim99", "clerkGeheim77"];
const IN_URL: &str = "p%40ss%2Fword%20Geheim99";

/// What stood in `pg_hba.conf` before the portal came.
pub const RULES: &str = "# The operator's own rules stay as they are: \\ included.\n\
    local all postgres trust\n\
    local all portal scram-sha-256\n\
    host all portal,clerk 127.0.0.1/32 scram-sha-256\n\
    host all portal,clerk ::1/128 scram-sha-256\n\
    hostssl metrics watcher 10.1.2.3/32 scram-sha-256\n";

/// A server of its own, which ends with it.
pub struct OperatorServer {
    folder: PathBuf,
    port: u16,
}

impl OperatorServer {
    /// A server that runs, with these lines of configuration besides the usual ones.
    pub async fn start(more: &str) -> Self {
        let server = Self::prepare(more);
        server.run();
        server.make_logins().await;
        server
    }

    /// One that does not run yet.
    pub fn prepare(more: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("innkeeper-operator-{}-{count}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let port = free_port();
        certificates(&folder);
        if rustix::process::geteuid().is_root() {
            call(Command::new("chown").args(["-R", "postgres:"]).arg(&folder));
        }
        let server = Self { folder, port };
        let data = server.data();
        call(program("initdb").args(["--no-sync", "-U", "postgres", "-A", "trust", "-D"]).arg(&data));
        let folder = server.folder.display();
        let path = data.join("postgresql.conf");
        let settings = format!(
            "{}\nport = {port}\nlisten_addresses = 'localhost'\nunix_socket_directories = '{folder}'\nfsync = off\n\
             ssl = on\nssl_cert_file = '{folder}/server.crt'\nssl_key_file = '{folder}/server.key'\n\
             max_connections = 300\nmax_locks_per_transaction = 1024\nauthentication_timeout = 10s\n\
             logging_collector = on\nlog_connections = on\n{more}",
            fs::read_to_string(&path).unwrap()
        );
        fs::write(path, settings).unwrap();
        fs::write(server.rules(), RULES).unwrap();
        server
    }

    /// Starts it.
    pub fn run(&self) {
        let log = self.folder.join("data/start.log");
        call(program("pg_ctl").args(["start", "-w", "-t", "60", "-l"]).arg(log).arg("-D").arg(self.data()));
    }

    /// Stops it.
    pub fn stop(&self) {
        call(program("pg_ctl").args(["stop", "-w", "-m", "fast", "-D"]).arg(self.data()));
    }

    /// Ends it at once, without a shutdown, and starts it again: it has to recover.
    pub fn crash(&self) {
        call(program("pg_ctl").args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.data()));
        self.run();
    }

    /// A superuser for the portal, somebody with fewer rights, and what the operator has besides.
    pub async fn make_logins(&self) {
        let mut sql = self.sql("postgres").await;
        let [portal, clerk] = PASSWORDS;
        for statement in [
            format!("create role portal superuser login password '{portal}'"),
            format!("create role clerk createdb createrole login password '{clerk}'"),
            "create role watcher login".into(),
            "create database metrics owner watcher".into(),
        ] {
            crate::tenant::run(&mut sql, &statement).await;
        }
    }

    /// What the operator writes into the portal's configuration.
    pub fn url(&self) -> String {
        self.url_with(&format!("portal:{IN_URL}"), "localhost", "sslmode=verify-full", "ca.pem")
    }

    /// The same by the socket; its customers come by the host all the same.
    pub fn url_by_socket(&self) -> String {
        let socket = format!("host={}", self.folder.display());
        self.url_with(&format!("portal:{IN_URL}"), "localhost", &socket, "ca.pem")
    }

    /// Another one.
    pub fn url_with(&self, login: &str, host: &str, query: &str, ca: &str) -> String {
        self.url_of(login, &format!("{host}:{}", self.port), query, ca)
    }

    /// What the operator writes where a proxy of this port stands before the server.
    pub fn url_behind(&self, port: u16) -> String {
        self.url_of(
            &format!("portal:{IN_URL}"),
            &format!("localhost:{port}"),
            "sslmode=verify-full",
            "ca.pem",
        )
    }

    fn url_of(&self, login: &str, place: &str, query: &str, ca: &str) -> String {
        let ca = self.folder.join(ca);
        format!("postgres://{login}@{place}/control_7?{query}&sslrootcert={}", ca.display())
    }

    /// The operator's own way in.
    pub async fn sql(&self, database: &str) -> PgConnection {
        self.superuser(database).connect().await.unwrap()
    }

    /// How the operator gets in: by the Unix socket.
    pub fn superuser(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.folder)
            .port(self.port)
            .username("postgres")
            .database(database)
            .application_name("outside")
            .disable_statement_logging()
    }

    /// The folder of all its files.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its `pg_hba.conf`.
    pub fn rules(&self) -> PathBuf {
        self.data().join("pg_hba.conf")
    }

    /// The certificate of the authority, as it stands in its file.
    pub fn ca(&self) -> String {
        fs::read_to_string(self.folder.join("ca.pem")).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }
}

impl Drop for OperatorServer {
    fn drop(&mut self) {
        // It may not be running.
        let mut stop = program("pg_ctl");
        let _ = stop.args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.data()).output();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// `ca.pem` and a certificate of it for `localhost` only, and `other.pem` of somebody else.
fn certificates(folder: &Path) {
    // OpenSSL takes a certificate that bears its authority's name for one that signed itself.
    let named = |name: &str, hosts: Vec<String>| {
        let mut params = CertificateParams::new(hosts).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params
    };
    let authority = |name| {
        let mut params = named(name, Vec::new());
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    };
    let (ca, other, key) = (authority("operator"), authority("other"), KeyPair::generate().unwrap());
    let certificate = named("server", vec!["localhost".into()]).signed_by(&key, &ca).unwrap();
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    write("ca.pem", ca.pem());
    write("other.pem", other.pem());
    write("server.crt", certificate.pem());
    write("server.key", key.serialize_pem());
    write("both.pem", format!("{}{}", ca.pem(), key.serialize_pem()));
    fs::set_permissions(folder.join("server.key"), fs::Permissions::from_mode(0o600)).unwrap();
}

/// A program of PostgreSQL, which refuses to run as root.
fn program(name: &str) -> Command {
    let path = copying(15).join(name);
    if !rustix::process::geteuid().is_root() {
        return Command::new(path);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", "postgres", "--"]).arg(path).current_dir("/");
    command
}

fn call(command: &mut Command) {
    // No pipes: the started server would keep them open.
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
