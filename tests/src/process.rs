//! Processes from outside: what they are called with, and their end.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use std::{fs, path::Path};

/// Sends a signal; a process that is gone already is no failure.
pub fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid) {
        // The answer could only be that nobody is there.
        let _ = kill_process(pid, signal);
    }
}

/// Whether a process of this id lives (a zombie does not).
pub fn lives(pid: i32) -> bool {
    let Some(known) = Pid::from_raw(pid) else { return false };
    let zombie = fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('Z')));
    test_kill_process(known).is_ok() && !zombie
}

/// The process id in a cluster's `postmaster.pid`, if that process lives.
pub fn postmaster(cluster: &Path) -> Option<i32> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().filter(|pid| lives(*pid))
}

/// Command lines and environments of the processes that name this folder in either: the portal, its PostgreSQL and
/// what they start.
pub fn shown_by(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mark = folder.as_os_str().as_encoded_bytes();
    let mut shown = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let pid = entry.file_name().to_string_lossy().into_owned();
        if !pid.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        // Processes end while they are looked at.
        let read = |name: &str| fs::read(entry.path().join(name)).unwrap_or_default();
        let (arguments, environment) = (read("cmdline"), read("environ"));
        let cwd = fs::read_link(entry.path().join("cwd")).unwrap_or_default();
        let names = |bytes: &[u8]| bytes.windows(mark.len()).any(|part| part == mark);
        if names(&arguments) || names(&environment) || cwd.starts_with(folder) {
            shown.push((format!("arguments of process {pid}"), arguments));
            shown.push((format!("environment of process {pid}"), environment));
        }
    }
    shown
}
