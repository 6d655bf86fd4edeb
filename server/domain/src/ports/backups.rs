use super::{ServerError, TenantServer};
use crate::{ids::BackupId, name::TenantName, secret::Secret};
use async_trait::async_trait;

/// What is known of a backup as it is stored: of the encrypted file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupFacts {
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its SHA-256 (FIPS 180-4).
    pub sha256: [u8; 32],
}

/// A backup that was not made, found whole or removed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The server or the disk failed in a way that may pass: worth another try.
    #[error("{doing}: {cause}")]
    Unavailable {
        /// What was being done.
        doing: &'static str,
        /// What was said, without secrets.
        cause: String,
    },
    /// It will end the same again.
    #[error("{doing}: {cause}")]
    Refused {
        /// What was being done.
        doing: &'static str,
        /// What was said, without secrets.
        cause: String,
    },
}

impl From<ServerError> for BackupError {
    fn from(error: ServerError) -> Self {
        match error {
            ServerError::Unavailable { doing, cause } => Self::Unavailable { doing, cause },
            ServerError::Refused { doing, cause } => Self::Refused { doing, cause },
            ServerError::Blocked { doing, by: _ } => {
                Self::Unavailable { doing, cause: "another session on the server is in the way".into() }
            }
        }
    }
}

/// Where backups of tenants are kept, each encrypted under a key of its own (64 hexadecimal digits) and bound to its
/// id and tenant.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Dumps the tenant's database and stores it, encrypted. It appears whole or not at all, and replaces what an
    /// earlier try stored under this id.
    async fn take(
        &self,
        server: &dyn TenantServer,
        tenant: &TenantName,
        id: BackupId,
        key: &Secret,
    ) -> Result<BackupFacts, BackupError>;
    /// Reads the whole backup: size, hash, every encrypted piece, and every byte of the dump inside, as a restore would.
    /// How many entries the dump's table of contents has.
    async fn read_back(
        &self,
        id: BackupId,
        tenant: &TenantName,
        key: &Secret,
        facts: &BackupFacts,
    ) -> Result<u64, BackupError>;
    /// Removes it. Absent is success.
    async fn remove(&self, id: BackupId) -> Result<(), BackupError>;
    /// The ids of all that are stored whole, sorted.
    async fn list(&self) -> Result<Vec<BackupId>, BackupError>;
}
