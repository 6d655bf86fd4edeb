use super::key::{KeyLineError, MasterKey};
use innkeeper_domain::ports::Random;
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// A key file has about 80 bytes; anything much longer is another file.
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

impl MasterKey {
    /// Reads the key; makes the file (mode 0600) when there is none. Portals that start at once on one file
    /// all end up with the same key.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, MasterKeyError> {
        match Self::load(path) {
            Err(MasterKeyError::Read { cause, .. }) if cause.kind() == ErrorKind::NotFound => {}
            loaded => return loaded,
        }
        let key = Self::draw(random);
        match create(path, &key, random) {
            Ok(()) => Ok(key),
            Err(cause) if cause.kind() == ErrorKind::AlreadyExists => Self::load(path),
            Err(cause) => Err(MasterKeyError::Write { path: path.into(), cause }),
        }
    }

    /// Reads the key.
    pub fn load(path: &Path) -> Result<Self, MasterKeyError> {
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
        Self::from_line(text).map_err(broken)
    }
}

/// Puts the file there whole and for good, or not at all; never over another one.
fn create(path: &Path, key: &MasterKey, random: &dyn Random) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut tail = [0; 8];
    random.fill(&mut tail);
    let temporary = folder.join(format!(".innkeeper-key-{}.tmp", hex::encode(tail)));
    let written = write_new(&temporary, key.to_line().as_bytes())
        // A link, not a rename: a rename would replace the key of a portal that was faster.
        .and_then(|()| fs::hard_link(&temporary, path));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != ErrorKind::NotFound => written.and(Err(error)),
        _ => written,
    }?;
    File::open(folder)?.sync_all()
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
