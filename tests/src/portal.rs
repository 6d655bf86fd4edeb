//! The portal under test: its process, its folders, its PostgreSQL.

use crate::{
    mail::Mailbox,
    process::{lives, postmaster, signal},
    until,
};
use rustix::process::Signal;
use sqlx::{
    ConnectOptions as _, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, OpenOptions, Permissions},
    io::{BufRead as _, BufReader, PipeReader, Write as _},
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::ExitStatusExt as _},
    path::{Path, PathBuf},
    process::{ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use tokio::{
    process::{Child, Command},
    sync::oneshot,
    time::timeout,
};

/// What the portal says on its standard output when it can be used.
const READY: &str = "Innkeeper is ready at ";
const START: Duration = Duration::from_secs(120);

/// How a portal is started.
#[derive(Default)]
pub struct Options {
    settings: BTreeMap<String, String>,
    major: Option<u32>,
    slow_disk: bool,
    open_files: Option<u32>,
}

impl Options {
    /// On PostgreSQL of this major version: 15 from the system, 18 from the test parts.
    pub fn postgres(major: u32) -> Self {
        Self { major: Some(major), ..Self::default() }
    }

    /// With a setting.
    #[must_use]
    pub fn set(mut self, name: &str, value: &str) -> Self {
        self.settings.insert(name.into(), value.into());
        self
    }

    /// With a PostgreSQL that is made by its own `initdb` and waits for the disk, as it is outside of tests.
    #[must_use]
    pub fn waiting_for_the_disk(mut self) -> Self {
        self.slow_disk = true;
        self
    }

    /// With so many open files at most, it and what it starts.
    #[must_use]
    pub fn open_files(mut self, most: u32) -> Self {
        self.open_files = Some(most);
        self
    }
}

/// The folder of initdb, `pg_ctl` and postgres of a major version.
pub fn binaries(major: u32) -> PathBuf {
    let path = if major == 18 {
        installed("pg18/native/bin")
    } else {
        PathBuf::from(format!("/usr/lib/postgresql/{major}/bin"))
    };
    found(path)
}

/// The same with an `initdb` that gives out copies of a cluster which does not wait for the disk.
pub fn copying(major: u32) -> PathBuf {
    found(installed(&format!("copied-clusters/{major}/bin")))
}

fn installed(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/node_modules").join(below)
}

fn found(path: PathBuf) -> PathBuf {
    let found = path.canonicalize();
    found.unwrap_or_else(|_| panic!("PostgreSQL is not in {}: run script/setup test", path.display()))
}

/// Where the portal also finds `pg_dump` of version 18, which [`binaries`] has none of.
fn path() -> OsString {
    let client = installed("pg18-client/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths([client].into_iter().chain(std::env::split_paths(&path))).unwrap()
}

/// The program under test, beside the test's own or one folder up.
fn program() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    let beside = own.ancestors().skip(1).take(2).map(|folder| folder.join("innkeeper"));
    let found = beside.into_iter().find(|path| path.is_file());
    found.expect(
        "innkeeper is not built: cargo build -p innkeeper --features failpoints (for bench: --release)",
    )
}

/// A running portal. Dropping it ends it and its PostgreSQL, and removes its folder.
pub struct Portal {
    folder: PathBuf,
    settings: BTreeMap<String, String>,
    port: u16,
    database_port: u16,
    child: Option<Child>,
    open_files: Option<u32>,
    /// Its mails.
    pub mailbox: Mailbox,
}

impl Portal {
    /// Starts a portal of its own and waits until it is ready.
    pub async fn start(options: Options) -> Self {
        let mut portal = Self::prepare(&options);
        portal.restart().await;
        portal
    }

    /// Folders, ports and settings of a portal that is not started.
    pub fn prepare(options: &Options) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("innkeeper-tests-{}-{count}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        // PostgreSQL's user has to pass through.
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        let (port, database_port) = free_ports();
        let mut settings = options.settings.clone();
        settings.insert("INNKEEPER_LISTEN".into(), format!("127.0.0.1:{port}"));
        settings.insert("INNKEEPER_DATA_DIR".into(), folder.join("data").to_string_lossy().into_owned());
        settings.insert("INNKEEPER_EMBEDDED_PORT".into(), database_port.to_string());
        let major = options.major.unwrap_or(15);
        let programs = if options.slow_disk { binaries(major) } else { copying(major) };
        settings.insert("INNKEEPER_EMBEDDED_BIN".into(), programs.to_string_lossy().into_owned());
        // Tests in which databases stand ready say so: in the others nothing happens that nobody asked for.
        settings.entry("INNKEEPER_READY_SLOTS".into()).or_insert_with(|| "0".into());
        let mailbox = Mailbox::new(folder.join("data/mailbox"));
        let open_files = options.open_files;
        Self { folder, settings, port, database_port, child: None, open_files, mailbox }
    }

    /// Changes a setting, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.into(), value.into());
    }

    /// A command with the portal's settings, and no other part of the test's environment than the path.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match self.open_files {
            None => Command::new(program()),
            Some(most) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(format!("ulimit -n {most} && exec \"$0\" \"$@\"")).arg(program());
                command
            }
        };
        command.args(arguments).current_dir(&self.folder).env_clear().envs(&self.settings);
        command.env("PATH", path()).env("HOME", &self.folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs a command beside the portal and waits for its end.
    pub async fn run(&self, arguments: &[&str]) -> Output {
        let output = timeout(Duration::from_secs(60), self.command(arguments).output()).await;
        output.unwrap_or_else(|_| panic!("{arguments:?} did not end within 60 s")).unwrap()
    }

    /// Starts the portal, which must not be running, and waits until it is ready.
    pub async fn restart(&mut self) {
        if let Err(why) = self.try_restart().await {
            panic!("{why}\n{}", self.log());
        }
    }

    /// The same where the portal may find no server; what became of it, if it is not ready. Then it does not run.
    pub async fn try_restart(&mut self) -> Result<(), String> {
        assert!(self.child.is_none(), "the portal is running already");
        let (reader, writer) = std::io::pipe().unwrap();
        let errors = self.log_file("stderr.log");
        let mut command = self.command(&["serve"]);
        let child = command.stdout(writer).stderr(errors).spawn().unwrap();
        // Its copy of the pipe's end would keep the pipe open after the portal's end.
        drop(command);
        self.child = Some(child);
        let (tell, ready) = oneshot::channel();
        let log = self.log_file("stdout.log");
        std::thread::spawn(move || pump(reader, log, tell));
        match timeout(START, ready).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => {
                let status = self.died(10).await;
                Err(format!("the portal ended before it was ready: {status}"))
            }
            Err(_) => {
                self.kill9().await;
                Err(format!("the portal was not ready within {} s", START.as_secs()))
            }
        }
    }

    fn log_file(&self, name: &str) -> File {
        OpenOptions::new().create(true).append(true).open(self.folder.join(name)).unwrap()
    }

    /// Waits until the portal has ended by itself.
    pub async fn died(&mut self, seconds: u64) -> ExitStatus {
        let mut child = self.child.take().expect("the portal is not running");
        let status = timeout(Duration::from_secs(seconds), child.wait()).await;
        status.unwrap_or_else(|_| panic!("the portal lives after {seconds} s:\n{}", self.log())).unwrap()
    }

    /// Waits until the portal was killed by SIGKILL.
    pub async fn killed(&mut self, seconds: u64) {
        let status = self.died(seconds).await;
        assert_eq!(status.signal(), Some(9), "the portal ended with {status}:\n{}", self.log());
    }

    /// Kills the portal at once. Its PostgreSQL stays.
    pub async fn kill9(&mut self) {
        signal(self.pid(), Signal::KILL);
        self.killed(10).await;
    }

    /// Ends the portal as its operator does, and with it its PostgreSQL.
    pub async fn stop(&mut self) {
        signal(self.pid(), Signal::TERM);
        let status = self.died(30).await;
        assert!(status.success(), "the portal ended with {status}:\n{}", self.log());
    }

    /// The portal's process.
    pub fn pid(&self) -> i32 {
        let pid = self.child.as_ref().and_then(Child::id).expect("the portal is not running");
        i32::try_from(pid).unwrap()
    }

    /// Its PostgreSQL's main process, if it lives.
    pub fn postmaster(&self) -> Option<i32> {
        postmaster(&self.cluster())
    }

    /// Kills its PostgreSQL at once and waits until it is gone.
    pub async fn kill9_postgres(&self) {
        let pid = self.postmaster().expect("PostgreSQL is not running");
        signal(pid, Signal::KILL);
        until(10, "the end of PostgreSQL", async || (!lives(pid)).then_some(())).await;
    }

    /// The folder of all its folders.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its PostgreSQL's data folder.
    pub fn cluster(&self) -> PathBuf {
        self.data().join("postgres/cluster")
    }

    /// The TCP port of its PostgreSQL.
    pub fn database_port(&self) -> u16 {
        self.database_port
    }

    /// Its address for browsers, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// All it has written to its outputs.
    pub fn log(&self) -> String {
        let read = |name| fs::read(self.folder.join(name)).unwrap_or_default();
        let all = [read("stdout.log"), read("stderr.log")].concat();
        String::from_utf8_lossy(&all).into_owned()
    }

    /// How the superuser gets into its PostgreSQL: by the Unix socket, past everything the portal does.
    pub fn superuser(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(self.data().join("postgres/run"))
            .port(self.database_port)
            .ssl_mode(PgSslMode::Disable)
            .username("postgres")
            .database(database)
            .application_name("outside")
            .disable_statement_logging()
    }

    /// A superuser's connection.
    pub async fn sql(&self, database: &str) -> PgConnection {
        self.superuser(database).connect().await.unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    /// A superuser's connection to the control database.
    pub async fn control(&self) -> PgConnection {
        self.sql("innkeeper").await
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if let Some(pid) = self.child.as_ref().and_then(Child::id).and_then(|pid| i32::try_from(pid).ok()) {
            signal(pid, Signal::KILL);
        }
        if let Some(pid) = self.postmaster() {
            signal(pid, Signal::QUIT);
            for _ in 0..500 {
                if !lives(pid) {
                    break;
                }
                // Nothing can be awaited while something is dropped.
                std::thread::sleep(Duration::from_millis(10));
            }
        }
        if std::thread::panicking() {
            let log = self.log();
            let from = log.lines().count().saturating_sub(40);
            let end: Vec<_> = log.lines().skip(from).collect();
            let _ = writeln!(std::io::stderr(), "--- the end of the portal's log ---\n{}", end.join("\n"));
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Copies the portal's output into a file and tells when it says that it is ready.
fn pump(output: PipeReader, mut log: File, tell: oneshot::Sender<()>) {
    let mut tell = Some(tell);
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        let _ = writeln!(log, "{line}");
        if line.contains(READY)
            && let Some(tell) = tell.take()
        {
            // Nobody waits any more after the deadline.
            let _ = tell.send(());
        }
    }
}

/// Two ports that nobody listens on.
fn free_ports() -> (u16, u16) {
    (free_port(), free_port())
}

/// A port that nobody listens on, below those from which outgoing connections are drawn: otherwise one of another test
/// takes it before the server does. Every process has its own part of the range.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let own = std::process::id().wrapping_mul(8);
    let ports = std::iter::repeat_with(|| {
        let next = own.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        20_000 + u16::try_from(next % 12_000).unwrap()
    });
    let free = ports.take(12_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    free.expect("a port is free")
}
