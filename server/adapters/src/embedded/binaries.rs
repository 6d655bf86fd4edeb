//! Finding the server's programs.

use super::EmbeddedError;
use crate::programs::{SUPPORTED, folders, major, version};
use std::path::{Path, PathBuf};

/// All that is relied on: some builds bring nothing else.
const NEEDED: [&str; 3] = ["initdb", "pg_ctl", "postgres"];

/// The programs of one PostgreSQL version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The folder of `initdb`, `pg_ctl` and `postgres`.
    pub dir: PathBuf,
    /// The major version, 15 to 18.
    pub major: u16,
}

/// Finds the programs: in the explicit folder if there is one, else in Debian's folders and then along `PATH`.
/// A cluster that exists already (`cluster`: its folder and major version) is served by its own version only, a new
/// one by the newest.
pub async fn find_binaries(
    explicit: Option<&Path>,
    cluster: Option<(&Path, u16)>,
) -> Result<Binaries, EmbeddedError> {
    let mut found = Vec::new();
    for dir in explicit.map_or_else(folders, |dir| vec![dir.to_owned()]) {
        let version = match NEEDED.iter().find(|name| !dir.join(name).is_file()) {
            Some(missing) if explicit.is_some() => format!("no {missing}"),
            Some(_) => continue,
            None => version(&dir.join("postgres")).await,
        };
        let major = major(&version);
        match major.filter(|major| cluster.map_or(SUPPORTED.contains(major), |(_, own)| own == *major)) {
            Some(major) => return Ok(Binaries { dir, major }),
            None => found.push(format!("{version} in {}", dir.display())),
        }
    }
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    Err(match cluster {
        Some((path, cluster)) => EmbeddedError::ClusterVersion { path: path.to_owned(), cluster, found },
        None => EmbeddedError::BinariesMissing { found },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, os::unix::fs::PermissionsExt as _};

    struct Folder(PathBuf);

    impl Folder {
        fn with_version(name: &str, version: &str) -> Self {
            let folder =
                Self(std::env::temp_dir().join(format!("innkeeper-bin-{name}-{}", std::process::id())));
            fs::create_dir(&folder.0).unwrap();
            for tool in NEEDED {
                let file = folder.0.join(tool);
                fs::write(&file, format!("#!/bin/sh\necho '{tool} (PostgreSQL) {version} (Test)'\n"))
                    .unwrap();
                fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
            }
            folder
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[tokio::test]
    async fn an_explicit_folder_is_taken_if_its_version_serves() {
        let folder = Folder::with_version("good", "17.10");
        let found = find_binaries(Some(&folder.0), None).await.unwrap();
        assert_eq!(found, Binaries { dir: folder.0.clone(), major: 17 });
    }

    #[tokio::test]
    async fn what_does_not_serve_is_named() {
        let folder = Folder::with_version("old", "14.23");
        let error = find_binaries(Some(&folder.0), None).await.unwrap_err().to_string();
        assert!(error.contains("found: 14.23 in /") && error.contains("apt-get install"), "{error}");
        fs::remove_file(folder.0.join("pg_ctl")).unwrap();
        let error = find_binaries(Some(&folder.0), None).await.unwrap_err().to_string();
        assert!(error.contains("no pg_ctl in"), "{error}");
    }

    #[tokio::test]
    async fn a_cluster_is_served_by_its_own_version_only() {
        let folder = Folder::with_version("own", "18.4");
        let error =
            find_binaries(Some(&folder.0), Some((Path::new("/data"), 15))).await.unwrap_err().to_string();
        assert!(error.contains("made by PostgreSQL 15") && error.contains("18.4 in"), "{error}");
        assert!(error.contains("apt-get install postgresql-15"), "{error}");
        assert!(find_binaries(Some(&folder.0), Some((Path::new("/data"), 18))).await.is_ok());
    }
}
