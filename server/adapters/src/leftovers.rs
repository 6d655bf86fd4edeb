//! Files in the data folder that belong to nothing: what killed writers left, and certificates without a use.

use innkeeper_domain::{ids::BackupId, orphan::OrphanKind};
use std::{
    fs::{self, File, TryLockError},
    io::{self, ErrorKind},
    path::Path,
    time::{Duration, SystemTime},
};

/// A younger file may be on its way to its name.
const ON_ITS_WAY: Duration = Duration::from_secs(60);
/// Folders of certificates, and what they hold.
const CERTIFICATES: [(&str, &[&str]); 2] =
    [("ca", &["ca.crt", "ca.key"]), ("postgres/tls", &["server.crt", "server.key", "ca.crt"])];
/// What the writer of access rules leaves if its server is killed.
const RULES: &str = "postgres/cluster/pg_hba.conf.innkeeper.tmp";

/// A file that belongs to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// A file or a certificate.
    pub kind: OrphanKind,
    /// Its path in the data folder.
    pub name: String,
    /// What it is.
    pub what: &'static str,
}

/// Looks through the folders that the portal writes; `now` tells what is still on its way.
pub fn find(data: &Path, now: SystemTime) -> io::Result<Vec<Leftover>> {
    let mut found = Vec::new();
    let mut add = |kind, name: String, what| found.push(Leftover { kind, name, what });
    let half = "half of a file that was being written";
    for name in names(data)?.into_iter().filter(|name| is_temporary(name)) {
        if is_left(&data.join(&name), now)? {
            add(OrphanKind::File, name, half);
        }
    }
    for (folder, known) in CERTIFICATES {
        for file in names(&data.join(folder))?.into_iter().filter(|file| !known.contains(&file.as_str())) {
            let name = format!("{folder}/{file}");
            if !is_left(&data.join(&name), now)? {
                continue;
            }
            if is_temporary(&file) {
                add(OrphanKind::File, name, half);
            } else {
                add(OrphanKind::Certificate, name, "a certificate or key that nothing uses");
            }
        }
    }
    for file in names(&data.join("backups"))? {
        let known = file.strip_suffix(".backup").is_some_and(|id| id.parse::<BackupId>().is_ok());
        let name = format!("backups/{file}");
        if !known && is_left(&data.join(&name), now)? {
            add(OrphanKind::File, name, "no whole backup, and nobody writes it");
        }
    }
    if data.join(RULES).is_file() && is_left(&data.join(RULES), now)? {
        add(OrphanKind::File, RULES.into(), "half of the access rules that were being written");
    }
    Ok(found)
}

/// Removes one that [`find`] finds; whether it did.
pub fn remove(data: &Path, name: &str, now: SystemTime) -> io::Result<bool> {
    if !find(data, now)?.iter().any(|left| left.name == name) {
        return Ok(false);
    }
    fs::remove_file(data.join(name)).map(|()| true)
}

/// `.name.….tmp`, as files are called on their way.
fn is_temporary(name: &str) -> bool {
    name.starts_with('.') && name.ends_with(".tmp")
}

/// The names of the files in a folder, which may not be there yet.
fn names(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Whether nobody has written it for a while or holds its lock.
fn is_left(path: &Path, now: SystemTime) -> io::Result<bool> {
    let file = match File::open(path) {
        // Gone meanwhile, or a link to nowhere.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        file => file?,
    };
    let age = now.duration_since(file.metadata()?.modified()?).unwrap_or_default();
    match file.try_lock() {
        Ok(()) => Ok(age >= ON_ITS_WAY),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn folder() -> PathBuf {
        let folder = std::env::temp_dir().join(format!("innkeeper-leftovers-{}", std::process::id()));
        for below in ["ca", "postgres/tls", "postgres/cluster", "backups"] {
            fs::create_dir_all(folder.join(below)).unwrap();
        }
        folder
    }

    #[test]
    fn only_what_belongs_to_nothing_is_found_and_removed() {
        let data = folder();
        let fine = ["ca/ca.key", "postgres/tls/server.crt", "master.key", "postgres/cluster/pg_hba.conf"];
        let backup = format!("backups/{}.backup", BackupId(uuid::Uuid::nil()));
        let left = [
            ".innkeeper-key-00.tmp",
            "ca/.ca.crt.7.tmp",
            "ca/old.crt",
            "postgres/tls/server.old.key",
            "backups/00.unfinished",
            "backups/notes.txt",
            RULES,
        ];
        for name in fine.iter().chain(&left).copied().chain([backup.as_str()]) {
            fs::write(data.join(name), "x").unwrap();
        }
        let written = fs::metadata(data.join(RULES)).unwrap().modified().unwrap();
        assert_eq!(find(&data, written).unwrap(), [], "they may be on their way");
        let later = written + ON_ITS_WAY * 2;
        let held = File::open(data.join("backups/00.unfinished")).unwrap();
        held.lock().unwrap();
        let names = |found: Vec<Leftover>| found.into_iter().map(|left| left.name).collect::<Vec<_>>();
        assert_eq!(names(find(&data, later).unwrap()).len(), left.len() - 1, "one is being written");
        drop(held);
        let found = find(&data, later).unwrap();
        let certificates = found.iter().filter(|left| left.kind == OrphanKind::Certificate).count();
        assert_eq!((names(found), certificates), (left.map(str::to_owned).to_vec(), 2));
        for name in fine.into_iter().chain([backup.as_str(), "../passwd", ""]) {
            assert!(!remove(&data, name, later).unwrap(), "{name}");
        }
        for name in left {
            assert!(remove(&data, name, later).unwrap(), "{name}");
            assert!(!data.join(name).exists(), "{name}");
        }
        assert_eq!(find(&data, later).unwrap(), []);
        assert!(fine.iter().all(|name| data.join(name).exists()));
        fs::remove_dir_all(data).unwrap();
    }
}
