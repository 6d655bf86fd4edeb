//! Making the cluster: under another name first, so that a half-made one is never taken for a whole one.

use super::{EmbeddedError, configuration, error::file, home, home::Home, postmaster, tools::Tools};
use crate::certificates::files;
use std::{ffi::OsString, fs, path::Path, time::Duration};

/// Slow disks need a while for the 40 MB of a new cluster.
const DEADLINE: Duration = Duration::from_mins(5);
const UNFINISHED: &str = "cluster.new-";

/// Makes the cluster if there is none, and removes what a killed portal left of its attempt.
pub(super) async fn ensure_cluster(home: &Home, tools: &Tools) -> Result<(), EmbeddedError> {
    remove_unfinished(&home.root).await?;
    if home.cluster().exists() {
        return Ok(());
    }
    let unfinished = home.root.join(format!("{UNFINISHED}{}", std::process::id()));
    home::folder(&unfinished, 0o700, tools.owner())?;
    initdb(home, tools, &unfinished).await?;
    configuration::write_first_rules(&unfinished, tools.owner())?;
    configuration::ensure_lines(&unfinished, tools.owner())?;
    fs::rename(&unfinished, home.cluster()).map_err(file(&unfinished, "renamed"))?;
    files::sync_folder(&home.cluster()).map_err(file(&home.root, "written"))
}

async fn initdb(home: &Home, tools: &Tools, folder: &Path) -> Result<(), EmbeddedError> {
    let mut arguments: Vec<OsString> = vec!["-D".into(), folder.into()];
    // What these two let in is replaced before the first start; they only keep initdb from writing `trust`.
    arguments.extend(["--auth-local=peer", "--auth-host=reject"].map(Into::into));
    arguments.extend(
        ["--username=postgres", "--encoding=UTF8", "--data-checksums", "--no-instructions"].map(Into::into),
    );
    let with_locale = |locale: &str| {
        let mut arguments = arguments.clone();
        arguments.push(format!("--locale={locale}").into());
        arguments
    };
    match tools.run("initdb", &with_locale("C.UTF-8"), &home.root, DEADLINE).await {
        // Not every system has that one. initdb leaves the folder empty when it fails.
        Err(EmbeddedError::Failed { output, .. }) if output.contains("locale") => {
            tools.run("initdb", &with_locale("C"), &home.root, DEADLINE).await.map(drop)
        }
        other => other.map(drop),
    }
}

/// Removes the folders of attempts that did not come to their end. Their initdb may have outlived the portal.
async fn remove_unfinished(root: &Path) -> Result<(), EmbeddedError> {
    for entry in fs::read_dir(root).map_err(file(root, "read"))? {
        let entry = entry.map_err(file(root, "read"))?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            let path = entry.path();
            postmaster::end_processes_of(&path).await?;
            fs::remove_dir_all(&path).map_err(file(&path, "removed"))?;
        }
    }
    Ok(())
}
