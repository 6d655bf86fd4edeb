//! Writing small files so that a crash leaves either the old file, the new file or none, never half of one.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, ErrorKind, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, fchown},
    path::{Path, PathBuf},
};

/// The mode of a file, and its owner where that is another than the process's user.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Access {
    /// The permission bits.
    pub(crate) mode: u32,
    /// User and group id.
    pub(crate) owner: Option<(u32, u32)>,
}

impl Access {
    /// Owned by the process's user.
    pub(crate) const fn own(mode: u32) -> Self {
        Self { mode, owner: None }
    }
}

/// Puts a file in place of whatever stands there.
pub(crate) fn replace(path: &Path, contents: &[u8], access: Access) -> io::Result<()> {
    let temporary = write_temporary(path, contents, access)?;
    fs::rename(&temporary, path).inspect_err(|_| discard(&temporary))?;
    sync_folder(path)
}

/// Puts a file where none stands. Says whether it did: an existing file, also one that another process made in the
/// same moment, is left alone.
pub(crate) fn create(path: &Path, contents: &[u8], access: Access) -> io::Result<bool> {
    let temporary = write_temporary(path, contents, access)?;
    // Unlike a rename, a link never replaces.
    let linked = fs::hard_link(&temporary, path);
    discard(&temporary);
    match linked {
        Ok(()) => sync_folder(path).map(|()| true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Makes renames and new names in the folder of this path last.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// The file's text, or nothing if there is no such file.
pub(crate) fn read_if_there(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn write_temporary(path: &Path, contents: &[u8], access: Access) -> io::Result<PathBuf> {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    discard(&temporary);
    // `create_new` follows no link, so a folder that belongs to a less trusted user cannot lead the write elsewhere.
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
    let written = (|| {
        file.write_all(contents)?;
        file.set_permissions(Permissions::from_mode(access.mode))?;
        if let Some((user, group)) = access.owner {
            fchown(&file, Some(user), Some(group))?;
        }
        file.sync_all()
    })();
    written.inspect_err(|_| discard(&temporary))?;
    Ok(temporary)
}

/// Removes a temporary file. It may be there or not, and one that stays does no harm.
fn discard(temporary: &Path) {
    let _ = fs::remove_file(temporary);
}
