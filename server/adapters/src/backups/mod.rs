//! Backups of tenants as encrypted files in a folder: `<id>.backup`, in the format of [`cipher`].
//!
//! A dump is encrypted on its way, piece by piece: it is never whole in memory, and never plain on the disk.

mod cipher;
mod read_back;
mod take;
mod unfinished;

use async_trait::async_trait;
use cipher::CipherError;
use innkeeper_domain::{
    ids::BackupId,
    name::TenantName,
    ports::{BackupError, BackupFacts, Backups, Random, TenantServer},
    secret::Secret,
};
use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

/// Ends the name of a backup.
const BACKUP: &str = ".backup";

/// Keeps backups in a folder that only the portal's user may enter.
#[derive(Clone)]
pub struct FolderBackups {
    folder: PathBuf,
    programs: Option<PathBuf>,
    random: Arc<dyn Random>,
}

impl FolderBackups {
    /// Makes the folder (mode 0700) where there is none, and removes what killed portals left half-written.
    /// `programs`: the folder in which `pg_restore` is looked for before the usual ones.
    pub fn new(folder: &Path, programs: Option<PathBuf>, random: Arc<dyn Random>) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        unfinished::clear(folder)?;
        Ok(Self { folder: folder.into(), programs, random })
    }

    /// The folder of another portal on this machine, which is left as it is; nothing is made there.
    pub fn beside(folder: &Path, random: Arc<dyn Random>) -> Self {
        Self { folder: folder.into(), programs: None, random }
    }

    fn path(&self, id: BackupId) -> PathBuf {
        self.folder.join(format!("{id}{BACKUP}"))
    }
}

#[async_trait]
impl Backups for FolderBackups {
    async fn take(
        &self,
        server: &dyn TenantServer,
        tenant: &TenantName,
        id: BackupId,
        key: &Secret,
    ) -> Result<BackupFacts, BackupError> {
        self.take_one(server, tenant, id, key).await
    }

    async fn read_back(
        &self,
        id: BackupId,
        tenant: &TenantName,
        key: &Secret,
        facts: &BackupFacts,
    ) -> Result<u64, BackupError> {
        self.read_one_back(id, tenant, key, facts).await
    }

    async fn remove(&self, id: BackupId) -> Result<(), BackupError> {
        let doing = "removing the backup";
        match tokio::fs::remove_file(self.path(id)).await {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            removed => removed.map_err(failed(doing)),
        }
    }

    async fn list(&self) -> Result<Vec<BackupId>, BackupError> {
        let doing = "listing the backups";
        let mut entries = tokio::fs::read_dir(&self.folder).await.map_err(failed(doing))?;
        let mut ids = Vec::new();
        while let Some(entry) = entries.next_entry().await.map_err(failed(doing))? {
            let name = entry.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(BACKUP));
            ids.extend(id.and_then(|id| id.parse::<BackupId>().ok()));
        }
        ids.sort();
        Ok(ids)
    }
}

/// A disk that is full or does not answer may be better later.
fn failed(doing: &'static str) -> impl Fn(io::Error) -> BackupError {
    move |error| BackupError::Unavailable { doing, cause: error.to_string() }
}

fn refused(doing: &'static str, cause: impl Into<String>) -> BackupError {
    BackupError::Refused { doing, cause: cause.into() }
}

fn unsealed(doing: &'static str) -> impl Fn(CipherError) -> BackupError {
    move |error| refused(doing, error.to_string())
}
