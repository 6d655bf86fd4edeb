//! Running the server's programs as the user the server runs as.

use super::{Binaries, EmbeddedError, os_user::OsUser};
use crate::programs::clean_environment;
use std::{ffi::OsStr, io::ErrorKind, path::Path, process::Stdio, time::Duration};
use tokio::{process::Command, time::timeout};

/// How much of a failed program's words go into the error, in characters.
const SAID: usize = 2_000;

/// The programs and the user to run them as.
#[derive(Debug, Clone)]
pub(super) struct Tools {
    binaries: Binaries,
    user: OsUser,
    /// Whether the portal is root and has to become that user.
    switches: bool,
}

impl Tools {
    pub(super) fn new(binaries: Binaries, user: OsUser, portal: &OsUser) -> Self {
        let switches = portal.uid == 0 && user.uid != 0;
        Self { binaries, user, switches }
    }

    /// Runs a program to its end in this folder, and gives its standard output.
    pub(super) async fn run<S: AsRef<OsStr>>(
        &self,
        tool: &str,
        arguments: &[S],
        folder: &Path,
        deadline: Duration,
    ) -> Result<String, EmbeddedError> {
        let program = self.binaries.dir.join(tool);
        let mut command = Command::new(&program);
        command.args(arguments).current_dir(folder).stdin(Stdio::null()).kill_on_drop(true);
        clean_environment(&mut command);
        if self.switches {
            // The standard library drops the supplementary groups along with root.
            command.uid(self.user.uid).gid(self.user.gid);
        }
        let output = match timeout(deadline, command.output()).await {
            Ok(Ok(output)) => output,
            Ok(Err(source)) => {
                return Err(EmbeddedError::Run { program, user: self.user.name.clone(), source });
            }
            Err(_) => return Err(EmbeddedError::Deadline { program, seconds: deadline.as_secs() }),
        };
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(EmbeddedError::Failed { program, output: last_words(&[output.stdout, output.stderr].concat()) })
    }

    /// Refuses a folder that the user cannot enter.
    pub(super) async fn check_enters(&self, folder: &Path) -> Result<(), EmbeddedError> {
        // First where everybody may be, so that programs which cannot be run are told apart.
        let deadline = Duration::from_secs(10);
        self.run("postgres", &["--version"], Path::new("/"), deadline).await?;
        match self.run("postgres", &["--version"], folder, deadline).await {
            Err(EmbeddedError::Run { user, source, .. }) if source.kind() == ErrorKind::PermissionDenied => {
                Err(EmbeddedError::Unreachable { path: folder.to_owned(), user })
            }
            other => other.map(drop),
        }
    }

    /// The owner that the server's own files need, where the portal has to give them away.
    pub(super) fn owner(&self) -> Option<(u32, u32)> {
        self.switches.then_some((self.user.uid, self.user.gid))
    }

    pub(super) fn user(&self) -> &OsUser {
        &self.user
    }
}

fn last_words(output: &[u8]) -> String {
    let text = String::from_utf8_lossy(output);
    let text = text.trim();
    let skipped = text.chars().count().saturating_sub(SAID);
    text.chars().skip(skipped).collect()
}
