//! PostgreSQL's own programs: where they are, and what they are told of the portal.

mod client;

pub(crate) use client::{to_dump, to_read};

use std::{
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    process::Command,
    time::timeout,
};

/// The versions Innkeeper works with, newest first.
pub(crate) const SUPPORTED: [u16; 4] = [18, 17, 16, 15];
const DEADLINE: Duration = Duration::from_secs(10);

/// Where programs may be, best first, each folder once: Debian's folders, then those of `PATH`.
pub(crate) fn folders() -> Vec<PathBuf> {
    let debian = SUPPORTED.iter().map(|major| PathBuf::from(format!("/usr/lib/postgresql/{major}/bin")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in debian.chain(std::env::split_paths(&path).filter(|folder| folder.is_absolute())) {
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The version of a program as it says it (`15.18`), or what is wrong with it.
pub(crate) async fn version(program: &Path) -> String {
    let mut command = Command::new(program);
    clean_environment(&mut command);
    command.arg("--version").stdin(Stdio::null()).kill_on_drop(true);
    match timeout(DEADLINE, command.output()).await {
        Ok(Ok(output)) => {
            let said = String::from_utf8_lossy(&output.stdout);
            said.split_whitespace().nth(2).unwrap_or("no version").to_owned()
        }
        Ok(Err(error)) => format!("a program that does not run ({error})"),
        Err(_) => "a program that does not answer".to_owned(),
    }
}

/// `15.18` and `18beta1` are of the major versions 15 and 18.
pub(crate) fn major(version: &str) -> Option<u16> {
    let digits = version.find(|character: char| !character.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

/// Gives a program nothing of the portal's environment, which may hold secrets: a server shows its own to its
/// superuser. What programs say is in English.
pub(crate) fn clean_environment(command: &mut Command) {
    command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C");
    for name in ["LD_LIBRARY_PATH", "TZ"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
}

/// The first bytes of what a program writes, `kept` at most, and how many it wrote in all. Everything is read, so that
/// the program is not held up.
pub(crate) async fn beginning(mut stream: impl AsyncRead + Unpin, kept: usize) -> io::Result<(Vec<u8>, u64)> {
    let (mut beginning, mut total, mut piece) = (Vec::new(), 0, vec![0; 64 * 1024]);
    loop {
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Ok((beginning, total));
        }
        beginning.extend_from_slice(&piece[..read.min(kept - beginning.len())]);
        total += read as u64;
    }
}

/// What a program wrote to its standard error, as one line of 500 characters at most: names chosen by tenants stand in
/// it, so nothing in it may look like more than text.
pub(crate) fn one_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let words = text.split(|c: char| c.is_control() || c == ' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(500).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors_are_read_from_all_kinds_of_versions() {
        assert_eq!(major("15.18"), Some(15));
        assert_eq!(major("18beta1"), Some(18));
        assert_eq!(major("no version"), None);
    }

    #[test]
    fn what_programs_say_is_one_short_line() {
        assert_eq!(
            one_line(b"pg_dump: error: x\n\tdetail:\x1b[31m  \xff\r\n"),
            "pg_dump: error: x detail: [31m \u{fffd}"
        );
        assert_eq!(one_line(&[b'x'; 9_000]).len(), 500);
    }

    #[tokio::test]
    async fn of_many_words_the_first_are_kept() {
        let (kept, total) = beginning(vec![b'x'; 200_000].as_slice(), 4_096).await.unwrap();
        assert_eq!((kept.len(), total), (4_096, 200_000));
    }
}
