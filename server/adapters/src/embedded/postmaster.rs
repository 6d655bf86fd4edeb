//! Which server runs on a cluster, seen from outside.

use super::{EmbeddedError, error::file};
use crate::certificates::files::read_if_there;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// There is no event for the end of a process that is not a child, nor for a server getting ready.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(25);
const DEADLINE: Duration = Duration::from_secs(10);

/// A live server, as its `postmaster.pid` tells (PostgreSQL, `miscadmin.h`: pid, data folder, start, port, socket
/// folder, address, shared memory, state).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Postmaster {
    pub(super) pid: Pid,
    pub(super) state: State,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// Not yet open for connections.
    Starting,
    /// Open for connections on this port, in this folder.
    Ready { port: u16, sockets: PathBuf },
    /// On its way out.
    Stopping,
}

/// The live server of this cluster. A file left by one that is gone counts for nothing, also where its process id has
/// since been given to another program.
pub(super) fn find(cluster: &Path) -> Result<Option<Postmaster>, EmbeddedError> {
    let path = cluster.join("postmaster.pid");
    let text = read_if_there(&path).map_err(file(&path, "read"))?;
    Ok(text.as_deref().and_then(parse).filter(|found| works_in(found.pid, cluster)))
}

fn parse(text: &str) -> Option<Postmaster> {
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let pid = Pid::from_raw(lines.first()?.parse().ok()?)?;
    let ready = || Some(State::Ready { port: lines.get(3)?.parse().ok()?, sockets: lines.get(4)?.into() });
    let state = match lines.get(7).copied() {
        Some("ready") => ready().unwrap_or(State::Starting),
        Some("stopping") => State::Stopping,
        _ => State::Starting,
    };
    Some(Postmaster { pid, state })
}

/// Every process of a server has its data folder as working folder.
fn works_in(pid: Pid, folder: &Path) -> bool {
    fs::read_link(format!("/proc/{}/cwd", pid.as_raw_nonzero())).is_ok_and(|cwd| cwd == folder)
}

/// Asks the server to read its settings again.
pub(super) fn reload(postmaster: &Postmaster) -> Result<(), EmbeddedError> {
    kill_process(postmaster.pid, Signal::HUP)
        .map_err(|error| file("postmaster.pid", "used to signal the server")(error.into()))
}

/// Makes room for a new server where the last one was killed: its remaining processes must be gone, for they still
/// write, and so must files that would be taken for a live one. Only for a cluster without a live server.
pub(super) async fn clear_remains(cluster: &Path, sockets: &Path) -> Result<(), EmbeddedError> {
    end_processes_of(cluster).await?;
    // PostgreSQL itself refuses to start if the process id in here is in use by now, by whatever program.
    let mut remains = vec![cluster.join("postmaster.pid")];
    for entry in fs::read_dir(sockets).map_err(file(sockets, "read"))? {
        let entry = entry.map_err(file(sockets, "read"))?;
        if entry.file_name().to_string_lossy().starts_with(".s.PGSQL.") {
            remains.push(entry.path());
        }
    }
    for path in remains {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file(path, "removed")(error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Ends what is left of a killed server or initdb: most of it ends by itself as soon as it notices.
pub(super) async fn end_processes_of(folder: &Path) -> Result<(), EmbeddedError> {
    let began = Instant::now();
    loop {
        let pids = processes_of(folder)?;
        if pids.is_empty() {
            return Ok(());
        }
        if began.elapsed() > DEADLINE {
            let pids = pids.iter().map(|pid| pid.as_raw_nonzero().get()).collect();
            return Err(EmbeddedError::Remains { path: folder.to_owned(), pids });
        }
        if began.elapsed() > DEADLINE / 4 {
            for pid in pids {
                // It may have ended in between. The log written ahead makes this as safe as a power cut.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// The server programs that work in this folder, or were started with it as an argument (initdb).
fn processes_of(folder: &Path) -> Result<Vec<Pid>, EmbeddedError> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").map_err(file("/proc", "read"))? {
        let entry = entry.map_err(file("/proc", "read"))?;
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        // A process can end while it is looked at, and other users' processes cannot be looked at: neither is ours.
        let path = entry.path();
        let arguments = fs::read(path.join("cmdline")).unwrap_or_default();
        let named =
            arguments.split(|byte| *byte == 0).any(|one| one == folder.as_os_str().as_encoded_bytes());
        let program = fs::read_link(path.join("exe")).unwrap_or_default();
        let program = program.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let ours = ["postgres", "initdb"].iter().any(|name| program.starts_with(name));
        if ours && (named || works_in(pid, folder)) {
            found.push(pid);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "41\n/data/cluster\n1700000000\n54329\n/data/run\n127.0.0.1\n 1 2\n";

    fn state(line: &str) -> State {
        parse(&format!("{FILE}{line}\n")).unwrap().state
    }

    #[test]
    fn the_state_of_a_server_is_read() {
        assert_eq!(state("ready   "), State::Ready { port: 54329, sockets: "/data/run".into() });
        assert_eq!(state("stopping"), State::Stopping);
        assert_eq!(state("starting"), State::Starting);
    }

    #[test]
    fn a_half_written_file_is_a_server_that_starts() {
        assert_eq!(parse("41\n/data").unwrap().state, State::Starting);
        assert_eq!(parse(""), None);
        assert_eq!(parse("no number\n"), None);
    }
}
