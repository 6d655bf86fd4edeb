//! Starting, adopting and stopping the server process.

use super::{
    ClusterAddress, EmbeddedError, EmbeddedSettings,
    error::file,
    home::Home,
    log,
    postmaster::{self, LOOK_AGAIN, Postmaster, State},
    tools::Tools,
};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};
use std::{
    ffi::OsString,
    fs,
    io::ErrorKind,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};
use tokio::time::{Instant, sleep, timeout_at};

/// How long a server may take until it answers, in seconds.
const START: u64 = 60;
/// How long a server may take to end its sessions and write what is in memory, in seconds.
const STOP_FAST: u64 = 20;
const STOP_IMMEDIATE: u64 = 10;
/// What the program that waits gets beyond what it was told to wait, in seconds.
const GRACE: u64 = 5;

/// Brings the server up with the settings that are on disk, and waits until it answers. One that runs is kept unless
/// a setting needs a restart.
pub(super) async fn bring_up(
    home: &Home,
    tools: &Tools,
    settings: &EmbeddedSettings,
) -> Result<ClusterAddress, EmbeddedError> {
    if let Some((running, address)) = settled(home, settings).await? {
        postmaster::reload(&running)?;
        let (mut connection, address) = connect(home, address).await?;
        let fits = !needs_restart(&mut connection).await?;
        // Nothing depends on how this ends: the answer is there.
        let _ = connection.close().await;
        if fits {
            return Ok(address);
        }
        if address.port != settings.port {
            check_ports(settings)?;
        }
        stop(home, tools).await?;
    }
    postmaster::clear_remains(&home.cluster(), &home.sockets).await?;
    check_ports(settings)?;
    start(home, tools, settings).await?;
    let Some((_, address)) = settled(home, settings).await? else {
        return Err(not_started(home, "it ended right after its start"));
    };
    let (connection, address) = connect(home, address).await?;
    let _ = connection.close().await;
    Ok(address)
}

/// The running server and its address, once it is neither starting nor stopping.
pub(super) async fn settled(
    home: &Home,
    settings: &EmbeddedSettings,
) -> Result<Option<(Postmaster, ClusterAddress)>, EmbeddedError> {
    let deadline = Instant::now() + Duration::from_secs(START);
    loop {
        let Some(found) = postmaster::find(&home.cluster())? else { return Ok(None) };
        if let State::Ready { port, sockets } = found.state.clone() {
            let host = settings.host.clone();
            return Ok(Some((found, ClusterAddress { sockets, port, host, version: String::new() })));
        }
        if Instant::now() > deadline {
            return Err(not_started(home, &format!("after {START} s it is still starting or stopping")));
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// Connects as the superuser, and learns the version. A server that has just read who may be whom can need a moment.
pub(super) async fn connect(
    home: &Home,
    address: ClusterAddress,
) -> Result<(PgConnection, ClusterAddress), EmbeddedError> {
    let deadline = Instant::now() + Duration::from_secs(START);
    let options = address.superuser_options("postgres");
    let mut connection = loop {
        match timeout_at(deadline, options.connect()).await {
            Ok(Ok(connection)) => break connection,
            Ok(Err(error)) if Instant::now() + LOOK_AGAIN > deadline => {
                return Err(not_started(home, &format!("it does not let the portal in ({error})")));
            }
            Err(_) => return Err(not_started(home, &format!("it did not answer within {START} s"))),
            Ok(Err(_)) if postmaster::find(&home.cluster())?.is_none() => {
                return Err(not_started(home, "it ended"));
            }
            Ok(Err(_)) => sleep(LOOK_AGAIN).await,
        }
    };
    let version: String = sqlx::query_scalar("SHOW server_version")
        .fetch_one(&mut connection)
        .await
        .map_err(|source| EmbeddedError::Query { what: "for its version", source })?;
    let version = version.split(' ').next().unwrap_or_default().to_owned();
    Ok((connection, ClusterAddress { version, ..address }))
}

/// Whether a setting of the portal's file differs from what the server runs with and cannot be changed while it runs.
async fn needs_restart(connection: &mut PgConnection) -> Result<bool, EmbeddedError> {
    // This view reads the files now, whether or not the reload has come to this session yet.
    let sql = "SELECT count(*) FROM pg_catalog.pg_file_settings \
               WHERE sourcefile LIKE '%/innkeeper.conf' AND error IS NOT NULL";
    let waiting: i64 = sqlx::query_scalar(sql)
        .fetch_one(connection)
        .await
        .map_err(|source| EmbeddedError::Query { what: "about its settings", source })?;
    Ok(waiting > 0)
}

async fn start(home: &Home, tools: &Tools, settings: &EmbeddedSettings) -> Result<(), EmbeddedError> {
    let early = log::startup(home);
    match fs::remove_file(&early) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(file(early, "removed")(error)),
        _ => {}
    }
    let mut arguments = pg_ctl("start", home, START);
    arguments.extend(["-l".into(), early.into_os_string()]);
    match tools.run("pg_ctl", &arguments, &home.root, Duration::from_secs(START + GRACE)).await {
        Err(EmbeddedError::Failed { output, .. }) => {
            // Someone may have taken the port in between.
            check_ports(settings)?;
            Err(not_started(home, &output))
        }
        other => other.map(drop),
    }
}

/// Stops the server: its sessions are ended in order, or at once if that takes too long.
pub(super) async fn stop(home: &Home, tools: &Tools) -> Result<(), EmbeddedError> {
    let mut last = None;
    for (mode, seconds) in [("fast", STOP_FAST), ("immediate", STOP_IMMEDIATE)] {
        if postmaster::find(&home.cluster())?.is_none() {
            return Ok(());
        }
        let mut arguments = pg_ctl("stop", home, seconds);
        arguments.extend(["-m".into(), mode.into()]);
        match tools.run("pg_ctl", &arguments, &home.root, Duration::from_secs(seconds + GRACE)).await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) if postmaster::find(&home.cluster())?.is_some() => Err(error),
        _ => Ok(()),
    }
}

fn pg_ctl(verb: &str, home: &Home, seconds: u64) -> Vec<OsString> {
    let cluster: PathBuf = home.cluster();
    let seconds = seconds.to_string();
    vec![verb.into(), "-D".into(), cluster.into(), "-w".into(), "-s".into(), "-t".into(), seconds.into()]
}

/// Refuses a port that something else listens on. The server itself would start as long as one address is free.
fn check_ports(settings: &EmbeddedSettings) -> Result<(), EmbeddedError> {
    for ip in &settings.listen {
        let address = SocketAddr::new(*ip, settings.port);
        match TcpListener::bind(address) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                return Err(EmbeddedError::PortTaken { address });
            }
            Err(source) => return Err(EmbeddedError::Listen { address: *ip, source }),
        }
    }
    Ok(())
}

fn not_started(home: &Home, reason: &str) -> EmbeddedError {
    EmbeddedError::NotStarted { reason: reason.to_owned(), log: log::last_lines(home) }
}
