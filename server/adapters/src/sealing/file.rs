use super::{MasterKey, MasterKeys, key::KeyLineError};
use innkeeper_domain::ports::Random;
use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, Permissions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Each key has about 80 bytes, and there are three at most; anything much longer is another file.
const LONGEST: u64 = 1024;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file could not be read.
    #[error("the master key file {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file could not be made.
    #[error("the master key file {} cannot be made", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The file could not be replaced by one with another key.
    #[error("the master key file {} cannot be replaced", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A folder, a socket or the like.
    #[error("the master key file {} is not a regular file", path.display())]
    NotAFile {
        /// The file.
        path: PathBuf,
    },
    /// Others on the machine may read it.
    #[error("other users of this machine may read the master key file: run `chmod 600 {}`", path.display())]
    Open {
        /// The file.
        path: PathBuf,
    },
    /// Not a key. It is never overwritten: what was sealed under it would be lost.
    #[error("the master key file {} is damaged or another file; put its backup back", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        cause: KeyLineError,
    },
}

/// Tells one content of a key file from the next: inode, times of the last change of content and of mode or owner, size.
/// It is replaced, never written over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp(u64, (i64, i64), (i64, i64), u64);

impl Stamp {
    /// Of the file as it is now; none where it cannot be looked at.
    pub(super) fn now(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().as_ref().map(Self::of)
    }

    fn of(facts: &Metadata) -> Self {
        let (content, mode) = ((facts.mtime(), facts.mtime_nsec()), (facts.ctime(), facts.ctime_nsec()));
        Self(facts.ino(), content, mode, facts.size())
    }
}

impl MasterKeys {
    /// Reads the keys; makes the file (mode 0600) with one where there is none. Portals that start at once on one file
    /// all end up with the same key.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, MasterKeyError> {
        match Self::load(path) {
            Err(MasterKeyError::Read { cause, .. }) if cause.kind() == ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        let keys = Self::of(MasterKey::draw(random));
        match create(path, &keys, random) {
            Ok(()) => Ok(keys),
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Self::load(path),
            Err(cause) => Err(MasterKeyError::Write { path: path.into(), cause }),
        }
    }

    /// Reads the keys.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
        Self::read(path).map(|(keys, _)| keys)
    }

    pub(super) fn read(path: &Path) -> Result<(Self, Stamp), MasterKeyError> {
        let read = |cause| MasterKeyError::Read { path: path.into(), cause };
        let file = File::open(path).map_err(read)?;
        let facts = file.metadata().map_err(read)?;
        if !facts.is_file() {
            return Err(MasterKeyError::NotAFile { path: path.into() });
        }
        if facts.permissions().mode() & 0o077 != 0 {
            return Err(MasterKeyError::Open { path: path.into() });
        }
        let broken = |cause| MasterKeyError::Broken { path: path.into(), cause };
        let mut bytes = Zeroizing::new(Vec::with_capacity(1024));
        file.take(LONGEST).read_to_end(&mut bytes).map_err(read)?;
        let text = str::from_utf8(&bytes).map_err(|_| broken(KeyLineError::Format))?;
        Ok((Self::from_text(text).map_err(broken)?, Stamp::of(&facts)))
    }

    /// Puts these keys in place of those of the file, whole and for good, with its owner and mode.
    pub fn replace(&self, path: &Path, random: &dyn Random) -> Result<(), MasterKeyError> {
        // Where the path is a link, its target: the link is somebody's decision.
        let replace = || {
            let path = fs::canonicalize(path)?;
            let facts = fs::metadata(&path)?;
            let folder = folder_of(&path);
            let temporary = temporary(folder, random);
            let written =
                write_new(&temporary, self, Some(&facts)).and_then(|()| fs::rename(&temporary, &path));
            if written.is_err() {
                // It may not even be there.
                let _ = fs::remove_file(&temporary);
            }
            written?;
            File::open(folder)?.sync_all()
        };
        replace().map_err(|cause| MasterKeyError::Replace { path: path.into(), cause })
    }
}

/// Puts the file there whole and for good, or not at all; never over another one.
fn create(path: &Path, keys: &MasterKeys, random: &dyn Random) -> io::Result<()> {
    let folder = folder_of(path);
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let temporary = temporary(folder, random);
    let written = write_new(&temporary, keys, None)
        // A link, not a rename: a rename would replace the key of a portal that was faster.
        .and_then(|()| fs::hard_link(&temporary, path));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => written.and(Err(error)),
        _ => written,
    }?;
    File::open(folder)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn temporary(folder: &Path, random: &dyn Random) -> PathBuf {
    let mut tail = [0; 8];
    random.fill(&mut tail);
    folder.join(format!(".innkeeper-key-{}.tmp", hex::encode(tail)))
}

/// Writes a file that nobody else may read; with the owner and mode of another one, if it is given.
fn write_new(path: &Path, keys: &MasterKeys, like: Option<&Metadata>) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(keys.to_text().as_bytes())?;
    if let Some(like) = like {
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (like.uid(), like.gid()) {
            fchown(&file, Some(like.uid()), Some(like.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(like.permissions().mode() & 0o700))?;
    }
    file.sync_all()
}

#[cfg(test)]
mod tests;
