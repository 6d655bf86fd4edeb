use super::{
    FolderBackups,
    cipher::{PIECE, Pieces},
    failed,
    unfinished::{self, Unfinished},
    unsealed,
};
use innkeeper_domain::{
    ids::BackupId,
    name::TenantName,
    ports::{BackupError, BackupFacts, TenantServer},
    secret::Secret,
};
use sha2::{Digest as _, Sha256};
use std::path::Path;
use tokio::io::{AsyncRead, AsyncReadExt as _};

const DOING: &str = "storing the backup";

impl FolderBackups {
    pub(super) async fn take_one(
        &self,
        server: &dyn TenantServer,
        tenant: &TenantName,
        id: BackupId,
        key: &Secret,
    ) -> Result<BackupFacts, BackupError> {
        let (pieces, header) = Pieces::begin(key, id, tenant, &*self.random).map_err(unsealed(DOING))?;
        unfinished::clear(&self.folder).map_err(failed(DOING))?;
        let file = Unfinished::create(&self.folder, &*self.random).map_err(failed(DOING))?;
        let mut sealing = Sealing { file, pieces, hash: Sha256::new(), bytes: 0, held: Vec::new() };
        sealing.write(&header).await?;

        let (into, mut dump) = tokio::io::duplex(PIECE);
        let stored = async {
            let stored = sealing.take_in(&mut dump).await;
            // The dump's next byte then fails, which ends it.
            drop(dump);
            stored
        };
        let (dumped, stored) = tokio::join!(server.dump(tenant, Box::pin(into)), stored);
        // A full disk fails both: its own word says more.
        stored?;
        dumped?;
        sealing.finish(&self.path(id)).await
    }
}

/// A backup that is being written.
struct Sealing {
    file: Unfinished,
    pieces: Pieces,
    hash: Sha256,
    bytes: u64,
    /// The newest piece: nobody knows yet whether it is the last.
    held: Vec<u8>,
}

impl Sealing {
    async fn take_in(&mut self, dump: &mut (impl AsyncRead + Unpin)) -> Result<(), BackupError> {
        loop {
            let mut next = Vec::with_capacity(PIECE + super::cipher::TAG);
            dump.take(PIECE as u64).read_to_end(&mut next).await.map_err(failed(DOING))?;
            if next.is_empty() {
                return Ok(());
            }
            if !self.held.is_empty() {
                self.seal(false).await?;
            }
            self.held = next;
        }
    }

    async fn finish(mut self, place: &Path) -> Result<BackupFacts, BackupError> {
        self.seal(true).await?;
        let facts = BackupFacts { bytes: self.bytes, sha256: self.hash.finalize().into() };
        self.file.finish(place).await.map_err(failed(DOING))?;
        Ok(facts)
    }

    async fn seal(&mut self, last: bool) -> Result<(), BackupError> {
        let mut piece = std::mem::take(&mut self.held);
        self.pieces.seal(&mut piece, last).map_err(unsealed(DOING))?;
        self.write(&piece).await
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        self.file.write(bytes).await.map_err(failed(DOING))
    }
}
