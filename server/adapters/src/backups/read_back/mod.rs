use super::{
    FolderBackups,
    cipher::{HEADER, PIECE, Pieces, TAG},
    failed, refused, unsealed,
};
use crate::programs;
use innkeeper_domain::{
    ids::BackupId,
    name::TenantName,
    ports::{BackupError, BackupFacts},
    secret::Secret,
};
use restore::{DOING, Restore, entries};
use sha2::{Digest as _, Sha256};
use std::io::ErrorKind;
use tokio::{fs::File, io::AsyncReadExt as _};

mod restore;

impl FolderBackups {
    pub(super) async fn read_one_back(
        &self,
        id: BackupId,
        tenant: &TenantName,
        key: &Secret,
        facts: &BackupFacts,
    ) -> Result<u64, BackupError> {
        let program = programs::to_read(self.programs.as_deref()).await;
        let program = program.map_err(|cause| refused(DOING, cause))?;
        let file = File::open(self.path(id)).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => refused(DOING, "there is no such file"),
            _ => failed(DOING)(error),
        })?;
        let bytes = file.metadata().await.map_err(failed(DOING))?.len();
        if bytes != facts.bytes {
            return Err(refused(DOING, format!("the file has {bytes} bytes instead of {}", facts.bytes)));
        }
        let mut stored = Stored { file, hash: Sha256::new() };
        let header = stored.read(HEADER).await?;
        let mut pieces = Pieces::of(key, id, tenant, &header).map_err(unsealed(DOING))?;

        let (mut whole, script) = Restore::start(&program, "--file=-")?;
        let (mut contents, list) = Restore::start(&program, "--list")?;
        let fed = async {
            let mut next = stored.read(PIECE + TAG).await?;
            loop {
                let mut piece = next;
                next = stored.read(PIECE + TAG).await?;
                pieces.open(&mut piece, next.is_empty()).map_err(unsealed(DOING))?;
                whole.write(&piece).await?;
                // This one needs the beginning only.
                contents.write(&piece).await?;
                if next.is_empty() {
                    break;
                }
            }
            let unread = whole.closed_early();
            // The end of the dump, for both.
            drop((whole, contents));
            Ok(unread)
        };
        let (unread, script, list) = tokio::try_join!(fed, script.run(), list.run())?;
        if stored.hash.finalize()[..] != facts.sha256 {
            return Err(refused(DOING, "its SHA-256 is another than when it was taken"));
        }
        if unread || script.bytes == 0 {
            return Err(refused(DOING, "pg_restore did not read the dump to its end"));
        }
        entries(&list.beginning).ok_or_else(|| refused(DOING, "pg_restore finds no table of contents in it"))
    }
}

/// The encrypted file, hashed while it is read.
struct Stored {
    file: File,
    hash: Sha256,
}

impl Stored {
    /// The next bytes; fewer than asked for only at the end.
    async fn read(&mut self, count: usize) -> Result<Vec<u8>, BackupError> {
        let mut bytes = Vec::with_capacity(count);
        let file = &mut self.file;
        file.take(count as u64).read_to_end(&mut bytes).await.map_err(failed(DOING))?;
        self.hash.update(&bytes);
        Ok(bytes)
    }
}
