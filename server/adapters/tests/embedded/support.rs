//! A data folder with a cluster that is gone when the test ends, however it ends.

use innkeeper_adapters::{
    certificates::Authority,
    embedded::{ClusterAddress, EmbeddedCluster, EmbeddedError, EmbeddedSettings},
};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection, postgres::PgConnectOptions};
use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};
use time::OffsetDateTime;

pub struct Scratch {
    top: PathBuf,
    pub settings: EmbeddedSettings,
    pub authority: Authority,
}

impl Scratch {
    /// A data folder at this path below a folder of the test's own.
    pub fn new(name: &str, below: &str) -> Self {
        let top = std::env::temp_dir().join(format!("innkeeper-embedded-{name}-{}", std::process::id()));
        fs::create_dir(&top).unwrap();
        let settings = EmbeddedSettings {
            data_dir: top.join(below),
            port: free_port(),
            listen: vec!["127.0.0.1".parse().unwrap()],
            host: "localhost".to_owned(),
            binaries: Some(binaries()),
        };
        let authority = Authority::load_or_create(&top.join("ca"), now()).unwrap();
        Self { top, settings, authority }
    }

    pub async fn try_start(&self) -> Result<EmbeddedCluster, EmbeddedError> {
        EmbeddedCluster::start(self.settings.clone(), &self.authority, now()).await
    }

    pub async fn start(&self) -> EmbeddedCluster {
        self.try_start().await.unwrap_or_else(|error| panic!("{error}: {error:?}"))
    }

    /// The folder of the cluster's folders.
    pub fn home(&self) -> PathBuf {
        self.settings.data_dir.join("postgres")
    }

    pub fn cluster(&self) -> PathBuf {
        self.home().join("cluster")
    }

    /// The process id of the server, whether or not it lives.
    pub fn server(&self) -> Option<u32> {
        let text = fs::read_to_string(self.cluster().join("postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let cluster = self.cluster().canonicalize();
        if let (Some(pid), Ok(cluster)) = (self.server(), cluster)
            && fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|folder| folder == cluster)
        {
            signal("QUIT", pid);
            wait_for_end(pid);
        }
        if self.home().is_symlink()
            && let Ok(elsewhere) = self.home().canonicalize()
        {
            fs::remove_dir_all(elsewhere).unwrap();
        }
        fs::remove_dir_all(&self.top).unwrap();
    }
}

/// The server programs to test with: Debian's, or those of another version.
fn binaries() -> PathBuf {
    std::env::var_os("INNKEEPER_TEST_EMBEDDED_BIN").map_or("/usr/lib/postgresql/15/bin".into(), PathBuf::from)
}

#[expect(
    clippy::disallowed_methods,
    reason = "clients compare the certificates made here with the real time"
)]
pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().unwrap().success());
}

/// Waits for the end of a process that is no child of this one.
pub fn wait_for_end(pid: u32) {
    let began = Instant::now();
    while lives(pid) {
        assert!(began.elapsed() < Duration::from_secs(20), "{pid} does not end");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a process is there and not just waiting to be collected.
pub fn lives(pid: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{pid}/stat"));
    state.is_ok_and(|state| state.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z")))
}

pub async fn superuser(address: &ClusterAddress) -> PgConnection {
    address.superuser_options("postgres").connect().await.unwrap()
}

pub async fn execute(connection: &mut PgConnection, sql: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(sql.into())).execute(connection).await.unwrap();
}

pub async fn text(connection: &mut PgConnection, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(connection).await.unwrap()
}

/// Why a connection is refused.
pub async fn refusal(options: PgConnectOptions) -> String {
    match options.connect().await {
        Ok(_) => panic!("let in: {options:?}"),
        Err(error) => error.to_string(),
    }
}
