//! The folders of the cluster, whose they are, and the lock on them.
//!
//! ```text
//! <data dir>/portal.lock       held while a portal drives the cluster
//! <data dir>/postgres/         the portal's: others may pass through, nothing more
//!     innkeeper.conf           rewritten at each start
//!     pg_ident.conf            rewritten at each start
//!     tls/                     the portal's; server.key belongs to the server's user
//!     cluster/ log/ run/       the server's: data, logs, Unix socket
//! ```
//! What the portal writes as root stands in folders of its own, so that a server that was broken into cannot lead it
//! to other files by links.

use super::{EmbeddedError, error::file, os_user::OsUser, tools::Tools};
use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError},
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{
        DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, lchown, symlink,
    },
    path::{Path, PathBuf},
};

/// Where the cluster goes when the server's user cannot enter the data folder.
const ELSEWHERE: &str = "/var/lib/innkeeper";
/// The longest path of a Unix socket on Linux, without its final zero (unix(7)).
const SOCKET_PATH: usize = 107;
const SOCKET_NAME: usize = "/.s.PGSQL.65535".len();

/// The data folder, there and readable.
#[derive(Debug, Clone)]
pub(super) struct DataFolder(pub(super) PathBuf);

impl DataFolder {
    /// Makes the folder where it is missing.
    pub(super) fn open(path: &Path) -> Result<Self, EmbeddedError> {
        DirBuilder::new().recursive(true).create(path).map_err(file(path, "made"))?;
        let path = path.canonicalize().map_err(file(path, "found"))?;
        match path.to_str() {
            Some(text) if !text.chars().any(char::is_control) => Ok(Self(path)),
            _ => Err(EmbeddedError::Path { path, reason: "its path has characters that are no text" }),
        }
    }

    /// Takes the lock that only one portal can hold; it ends with the process, however that ends.
    pub(super) fn lock(&self) -> Result<File, EmbeddedError> {
        let path = self.0.join("portal.lock");
        let mut options = OpenOptions::new();
        let mut lock = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(file(&path, "opened"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                lock.read_to_string(&mut holder).map_err(file(&path, "read"))?;
                let holder = format!("process {}", holder.trim());
                return Err(EmbeddedError::InUse { data_dir: self.0.clone(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(file(&path, "locked")(source)),
        }
        lock.set_len(0).map_err(file(&path, "written"))?;
        writeln!(lock, "{}", std::process::id()).map_err(file(&path, "written"))?;
        Ok(lock)
    }

    /// The cluster made earlier, if any: its folder, owner and major version.
    pub(super) fn existing(&self) -> Result<Option<(PathBuf, u32, u16)>, EmbeddedError> {
        let link = self.0.join("postgres");
        let cluster = match link.canonicalize() {
            Ok(root) => root.join("cluster"),
            // A link that leads nowhere is not the same as no cluster.
            Err(error) if error.kind() == ErrorKind::NotFound && !link.is_symlink() => return Ok(None),
            Err(error) => return Err(file(link, "found")(error)),
        };
        let owner = match fs::symlink_metadata(&cluster) {
            Ok(metadata) => metadata.uid(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(file(cluster, "found")(error)),
        };
        let path = cluster.join("PG_VERSION");
        let version = fs::read_to_string(&path).map_err(file(&path, "read"))?;
        let no_version = |_| file(&path, "understood")(ErrorKind::InvalidData.into());
        let version = version.trim().parse().map_err(no_version)?;
        Ok(Some((cluster, owner, version)))
    }
}

/// The folders of the cluster.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) root: PathBuf,
    pub(super) sockets: PathBuf,
}

impl Home {
    /// Makes the folders where they are missing, and sees that the server's user can use them.
    pub(super) async fn prepare(data: &DataFolder, tools: &Tools) -> Result<Self, EmbeddedError> {
        let root = place(data, tools).await?;
        let home = Self { sockets: socket_folder(&root, tools)?, root };
        folder(&home.root, 0o711, None)?;
        folder(&home.tls(), 0o711, None)?;
        for path in [home.log(), home.sockets.clone()] {
            folder(&path, 0o700, tools.owner())?;
        }
        tools.check_enters(&home.root).await?;
        if let Some(owner) = tools.owner()
            && fs::symlink_metadata(home.cluster()).is_ok_and(|metadata| metadata.uid() != owner.0)
        {
            give_away(&home.cluster(), owner)?;
        }
        Ok(home)
    }

    pub(super) fn cluster(&self) -> PathBuf {
        self.root.join("cluster")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    pub(super) fn tls(&self) -> PathBuf {
        self.root.join("tls")
    }

    /// Whether this user could have made a folder of this name here.
    pub(super) fn is_of(path: &Path, user: &OsUser) -> bool {
        fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user.uid)
    }
}

/// Decides where the cluster's folders are: in the data folder, or elsewhere with a link from there if the server's
/// user cannot get there (a portal of root under `/root`).
async fn place(data: &DataFolder, tools: &Tools) -> Result<PathBuf, EmbeddedError> {
    let usual = data.0.join("postgres");
    if usual.is_symlink() || usual.exists() {
        return usual.canonicalize().map_err(file(&usual, "found"));
    }
    if tools.owner().is_none() {
        return Ok(usual);
    }
    let metadata = fs::metadata(&data.0).map_err(file(&data.0, "read"))?;
    if metadata.mode() & 0o001 == 0 {
        // The folder is the portal's own; its secrets are protected one by one.
        let mode = Permissions::from_mode(metadata.mode() & 0o7777 | 0o001);
        fs::set_permissions(&data.0, mode).map_err(file(&data.0, "opened for the server"))?;
    }
    match tools.check_enters(&data.0).await {
        Ok(()) => Ok(usual),
        Err(EmbeddedError::Unreachable { .. }) => {
            let root = elsewhere()?;
            symlink(&root, &usual).map_err(file(&usual, "linked"))?;
            tracing::info!(
                user = tools.user().name,
                cluster = %root.display(),
                "the data folder is closed to the server's user, so the cluster is kept elsewhere"
            );
            Ok(root)
        }
        Err(error) => Err(error),
    }
}

/// Makes a folder of its own for this cluster under [`ELSEWHERE`].
fn elsewhere() -> Result<PathBuf, EmbeddedError> {
    if !Path::new(ELSEWHERE).exists() {
        folder(Path::new(ELSEWHERE), 0o711, None)?;
    }
    for number in 1..=10_000 {
        let path = Path::new(ELSEWHERE).join(format!("postgres-{number}"));
        match fs::create_dir(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(file(path, "made")(error)),
        }
    }
    Err(file(ELSEWHERE, "used, it is full")(ErrorKind::AlreadyExists.into()))
}

/// The folder of the Unix socket: beside the cluster, or a short one where that path is too long for a socket.
fn socket_folder(root: &Path, tools: &Tools) -> Result<PathBuf, EmbeddedError> {
    let fits = |path: &Path| path.as_os_str().len() + SOCKET_NAME <= SOCKET_PATH;
    let usual = root.join("run");
    if fits(&usual) {
        return Ok(usual);
    }
    let hash = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
    let parent = if tools.owner().is_some() { PathBuf::from("/run") } else { std::env::temp_dir() };
    let path = parent.join(format!("innkeeper-{}", &hash[..16]));
    if !fits(&path) {
        return Err(EmbeddedError::Path {
            path: root.to_owned(),
            reason: "its path is too long for a Unix socket",
        });
    }
    // In a folder that all users share, someone else may have been there first.
    if path.is_symlink() || path.exists() && !Home::is_of(&path, tools.user()) {
        return Err(EmbeddedError::Path { path, reason: "it belongs to another user" });
    }
    Ok(path)
}

/// Makes a folder, or sets the mode and owner of one that is there.
pub(super) fn folder(path: &Path, mode: u32, owner: Option<(u32, u32)>) -> Result<(), EmbeddedError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(file(path, "made")(error)),
    }
    let metadata = fs::symlink_metadata(path).map_err(file(path, "read"))?;
    if !metadata.is_dir() {
        return Err(file(path, "used as a folder")(ErrorKind::NotADirectory.into()));
    }
    if let Some((user, group)) = owner.filter(|(user, _)| *user != metadata.uid()) {
        lchown(path, Some(user), Some(group)).map_err(file(path, "given to the server's user"))?;
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(file(path, "protected"))
}

/// Gives a folder and all in it to a user.
fn give_away(path: &Path, owner: (u32, u32)) -> Result<(), EmbeddedError> {
    lchown(path, Some(owner.0), Some(owner.1)).map_err(file(path, "given to the server's user"))?;
    if fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir()) {
        for entry in fs::read_dir(path).map_err(file(path, "read"))? {
            give_away(&entry.map_err(file(path, "read"))?.path(), owner)?;
        }
    }
    Ok(())
}
