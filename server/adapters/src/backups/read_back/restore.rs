//! `pg_restore`, fed with a dump and writing to nowhere.

use crate::{
    backups::{failed, refused},
    programs::{self, beginning, one_line},
};
use innkeeper_domain::ports::BackupError;
use std::{
    io::{self, ErrorKind},
    path::Path,
    process::Stdio,
};
use tokio::{
    io::AsyncWriteExt as _,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
};

/// What is being done, for errors.
pub(super) const DOING: &str = "reading the backup back";
/// How much of what it writes is kept, in bytes. The number of entries stands in the first lines.
const KEPT: usize = 4 * 1024;

/// The running program. It is given the dump through [`Feed`], so that it connects to no server and opens no file.
pub(super) struct Restore {
    child: Child,
    stdout: ChildStdout,
    stderr: ChildStderr,
}

/// What it wrote.
pub(super) struct Written {
    /// The first 4 KiB.
    pub(super) beginning: Vec<u8>,
    /// How many bytes in all.
    pub(super) bytes: u64,
}

impl Restore {
    /// Starts it; `into` says what it makes of the dump.
    pub(super) fn start(program: &Path, into: &str) -> Result<(Feed, Self), BackupError> {
        let not_run =
            |error| failed(DOING)(io::Error::other(format!("{} cannot be run: {error}", program.display())));
        let mut command = Command::new(program);
        programs::clean_environment(&mut command);
        command.args(["--format=custom", into]).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(not_run)?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(stdin), Some(stdout), Some(stderr)) => {
                Ok((Feed(Some(stdin)), Self { child, stdout, stderr }))
            }
            _ => Err(refused(DOING, "pg_restore has no input and output")),
        }
    }

    /// Lets it run to its end, which must be a good one.
    pub(super) async fn run(mut self) -> Result<Written, BackupError> {
        let (written, said) = tokio::join!(beginning(self.stdout, KEPT), beginning(self.stderr, KEPT));
        let status = self.child.wait().await.map_err(failed(DOING))?;
        let (beginning, bytes) = written.map_err(failed(DOING))?;
        let (said, _) = said.map_err(failed(DOING))?;
        if status.success() {
            Ok(Written { beginning, bytes })
        } else {
            Err(refused(DOING, format!("{} ({status})", one_line(&said))))
        }
    }
}

/// The way into the program, until it reads no further.
pub(super) struct Feed(Option<ChildStdin>);

impl Feed {
    /// Hands bytes on, unless it reads no further.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let Some(stdin) = &mut self.0 else { return Ok(()) };
        match stdin.write_all(bytes).await {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.0 = None,
            written => written.map_err(failed(DOING))?,
        }
        Ok(())
    }

    /// Whether it stopped reading before all was handed on.
    pub(super) fn closed_early(&self) -> bool {
        self.0.is_none()
    }
}

/// How many entries a table of contents has, by the head of its list (`;     TOC Entries: 12`).
pub(super) fn entries(list: &[u8]) -> Option<u64> {
    let list = String::from_utf8_lossy(list);
    let mut comments = list.lines().map_while(|line| line.strip_prefix(';'));
    comments.find_map(|line| line.trim().strip_prefix("TOC Entries: ")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_from_the_head_of_the_list() {
        let head =
            ";\n; Archive created at 2026-01-01 00:00:00 UTC\n;     dbname: shop\n;     TOC Entries: 12\n;\n";
        assert_eq!(entries(head.as_bytes()), Some(12));
        assert_eq!(entries(b";\n10; 2615 2200 SCHEMA - public x\n;     TOC Entries: 12\n"), None);
        assert_eq!(entries(b""), None);
    }
}
