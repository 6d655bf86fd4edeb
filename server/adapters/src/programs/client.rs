//! Choosing `pg_dump` and `pg_restore`.

use super::{folders, major, version};
use std::path::{Path, PathBuf};

/// The `pg_dump` for a server of this major version, or in words why there is none. A `pg_dump` refuses newer servers;
/// and what a newer one writes may ask an older server for settings that it does not know. So the server's own version
/// is the best, and the nearest newer one the next.
pub(crate) async fn to_dump(first: Option<&Path>, server: u32) -> Result<PathBuf, String> {
    choose(find("pg_dump", first).await, server)
}

/// The newest `pg_restore`, which reads what any older `pg_dump` wrote, or in words why there is none.
pub(crate) async fn to_read(first: Option<&Path>) -> Result<PathBuf, String> {
    let found = find("pg_restore", first).await;
    // Of several with one version the first: `max_by_key` would give the last.
    let newest = found.into_iter().rev().filter_map(|(path, said)| Some((major(&said)?, path)));
    newest.max_by_key(|(major, _)| *major).map(|(_, path)| path).ok_or_else(|| {
        "no pg_restore is on this machine: install Debian's postgresql-client-15 or newer".to_owned()
    })
}

/// All programs of this name with what they say of their version: in the given folder, then in the usual ones.
async fn find(name: &str, first: Option<&Path>) -> Vec<(PathBuf, String)> {
    let mut found: Vec<(PathBuf, String)> = Vec::new();
    for folder in first.map(Path::to_owned).into_iter().chain(folders()) {
        let program = folder.join(name);
        if program.is_file() && !found.iter().any(|(path, _)| *path == program) {
            let said = version(&program).await;
            found.push((program, said));
        }
    }
    found
}

fn choose(found: Vec<(PathBuf, String)>, server: u32) -> Result<PathBuf, String> {
    let fits = found.iter().filter_map(|(path, said)| Some((u32::from(major(said)?), path)));
    if let Some((_, path)) = fits.filter(|(major, _)| *major >= server).min_by_key(|(major, _)| *major) {
        return Ok(path.clone());
    }
    let found: Vec<_> = found.iter().map(|(path, said)| format!("{said} as {}", path.display())).collect();
    let found = if found.is_empty() { "none".to_owned() } else { found.join(", ") };
    Err(format!(
        "the server is PostgreSQL {server}, and no pg_dump of version {server} or newer is on this machine \
         (found: {found}): install Debian's postgresql-client-{server}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(programs: &[(&str, &str)]) -> Vec<(PathBuf, String)> {
        programs.iter().map(|(path, said)| ((*path).into(), (*said).into())).collect()
    }

    #[test]
    fn the_servers_own_version_is_taken_else_the_nearest_newer_one() {
        let all = [
            ("/own/pg_dump", "17.2"),
            ("/18/pg_dump", "18.6"),
            ("/15/pg_dump", "15.18"),
            ("/x", "no version"),
        ];
        for (server, path) in
            [(15, "/15/pg_dump"), (16, "/own/pg_dump"), (17, "/own/pg_dump"), (18, "/18/pg_dump")]
        {
            assert_eq!(choose(found(&all), server), Ok(path.into()));
        }
        let twice = [("/own/pg_dump", "15.1"), ("/15/pg_dump", "15.18")];
        assert_eq!(choose(found(&twice), 15), Ok("/own/pg_dump".into()));
    }

    #[test]
    fn where_none_is_new_enough_the_package_is_named() {
        let error = choose(found(&[("/15/pg_dump", "15.18")]), 18).unwrap_err();
        assert!(error.contains("found: 15.18 as /15/pg_dump"), "{error}");
        assert!(error.contains("install Debian's postgresql-client-18"), "{error}");
        assert!(choose(found(&[]), 15).unwrap_err().contains("found: none"));
    }
}
