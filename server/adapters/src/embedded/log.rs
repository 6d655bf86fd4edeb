//! The server's log: its last words for an error, and a limit on how much of it is kept.

use super::home::Home;
use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::task::JoinHandle;

/// How many files of each kind are kept: with 10 MB each, 200 MB and what one interval brings.
const KEPT: usize = 20;
const INTERVAL: Duration = Duration::from_mins(1);
/// How much of a file is read for its last lines, in bytes.
const TAIL: u64 = 32 * 1024;
const LINES: usize = 12;

/// Removes old log files once a minute until it is dropped. PostgreSQL rotates, but by itself never removes.
#[derive(Debug)]
pub(super) struct Pruning(JoinHandle<()>);

impl Pruning {
    pub(super) fn start(folder: PathBuf) -> Self {
        Self(tokio::spawn(async move {
            let mut interval = tokio::time::interval(INTERVAL);
            loop {
                interval.tick().await;
                if let Err(error) = prune(&folder) {
                    tracing::warn!(%error, folder = %folder.display(), "old logs of the server could not be removed");
                }
            }
        }))
    }
}

impl Drop for Pruning {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn prune(folder: &Path) -> io::Result<()> {
    for kind in ["json", "log"] {
        let files = rotated(folder, kind)?;
        for path in files.iter().take(files.len().saturating_sub(KEPT)) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The rotated files of one kind, oldest first: the moment is in their names.
fn rotated(folder: &Path, kind: &str) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("postgresql-") && path.extension().is_some_and(|extension| extension == kind) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Where the server writes before its log is open.
pub(super) fn startup(home: &Home) -> PathBuf {
    home.log().join("startup.log")
}

/// The last lines the server wrote since it was started, for the operator.
pub(super) fn last_lines(home: &Home) -> String {
    let early = tail(&startup(home)).unwrap_or_default();
    let newest = rotated(&home.log(), "json").ok().and_then(|files| files.last().cloned());
    let late = newest.and_then(|path| tail(&path).ok()).unwrap_or_default();
    let lines: Vec<_> = early.lines().map(str::to_owned).chain(late.lines().filter_map(readable)).collect();
    if lines.is_empty() {
        return format!("(nothing; see {})", home.log().display());
    }
    lines[lines.len().saturating_sub(LINES)..].join("\n")
}

/// A line of PostgreSQL's JSON log (PostgreSQL, 20.8.5) as text.
fn readable(line: &str) -> Option<String> {
    let entry: serde_json::Value = serde_json::from_str(line).ok()?;
    let field = |name: &str| entry.get(name).and_then(serde_json::Value::as_str);
    let mut text = format!("{} {}: {}", field("timestamp")?, field("error_severity")?, field("message")?);
    for extra in ["detail", "hint"].into_iter().filter_map(field) {
        text.push_str(". ");
        text.push_str(extra);
    }
    Some(text)
}

fn tail(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_is_shown_as_text() {
        let line = r#"{"timestamp":"2026-11-21 12:00:00.000 UTC","pid":7,"error_severity":"FATAL",
            "message":"lock file exists","hint":"Is another running?"}"#;
        let text = "2026-11-21 12:00:00.000 UTC FATAL: lock file exists. Is another running?";
        assert_eq!(readable(line).as_deref(), Some(text));
        assert_eq!(readable("cut off"), None);
    }

    #[test]
    fn the_newest_files_are_kept() {
        let folder = std::env::temp_dir().join(format!("innkeeper-log-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        for number in 0..KEPT + 5 {
            for kind in ["json", "log"] {
                fs::write(folder.join(format!("postgresql-20261121-0000{number:02}.{kind}")), "").unwrap();
            }
        }
        fs::write(folder.join("startup.log"), "").unwrap();
        prune(&folder).unwrap();
        let kept = rotated(&folder, "json").unwrap();
        assert_eq!((kept.len(), rotated(&folder, "log").unwrap().len()), (KEPT, KEPT));
        assert!(kept[0].ends_with("postgresql-20261121-000005.json"), "{kept:?}");
        assert!(folder.join("startup.log").exists());
        fs::remove_dir_all(folder).unwrap();
    }
}
