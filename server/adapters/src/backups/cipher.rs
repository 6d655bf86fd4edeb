//! The bytes of a backup: a stream of pieces, each sealed by XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).
//!
//! ```text
//! header:  "innkeeper backup" 16 | version 1 | nonce prefix 19
//! piece:   ciphertext of 65,536 bytes (of the last piece: 0 to 65,536) | tag 16
//! nonce:   nonce prefix 19 | number of the piece from 0, big-endian 4 | 1 for the last piece, else 0
//! associated data of every piece:  header | id of the backup | " " | name of the tenant
//! ```
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and its
//! Nonce-Reuse Misuse-Resistance, 2015), `StreamBE32` of the crate aead-stream: a piece opens only in its own place, and the end only at the end.

use aead_stream::{NewStream as _, StreamBE32, StreamPrimitive as _};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use innkeeper_domain::{ids::BackupId, name::TenantName, ports::Random, secret::Secret};
use zeroize::Zeroizing;

/// Plain bytes of a piece.
pub(super) const PIECE: usize = 64 * 1024;
/// What sealing adds to a piece.
pub(super) const TAG: usize = 16;
/// Bytes before the first piece.
pub(super) const HEADER: usize = MAGIC.len() + PREFIX;

/// Format and version 1.
const MAGIC: &[u8; 17] = b"innkeeper backup\x01";
const PREFIX: usize = 19;
const KEY: usize = 32;

/// What is wrong with a key, a file or a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CipherError {
    #[error("the key is not made of 64 hexadecimal digits")]
    Key,
    #[error("the file does not begin as a backup of version 1 does")]
    Header,
    #[error("piece {0} was changed, moved or truncated, or belongs to another backup, tenant or key")]
    Piece(u64),
    #[error("it is too large for one backup")]
    TooLarge,
}

/// Seals or opens the pieces of one backup, in their order.
pub(super) struct Pieces {
    stream: StreamBE32<XChaCha20Poly1305>,
    /// Number of the next piece.
    next: u64,
    context: Vec<u8>,
}

impl Pieces {
    /// For a new backup, with the header that it begins with.
    pub(super) fn begin(
        key: &Secret,
        id: BackupId,
        tenant: &TenantName,
        random: &dyn Random,
    ) -> Result<(Self, Vec<u8>), CipherError> {
        let mut prefix = [0; PREFIX];
        random.fill(&mut prefix);
        let header = [&MAGIC[..], &prefix].concat();
        Ok((Self::of(key, id, tenant, &header)?, header))
    }

    /// For the backup that begins with this header.
    pub(super) fn of(
        key: &Secret,
        id: BackupId,
        tenant: &TenantName,
        header: &[u8],
    ) -> Result<Self, CipherError> {
        let prefix = header.strip_prefix(MAGIC).and_then(|rest| <[u8; PREFIX]>::try_from(rest).ok());
        let prefix = prefix.ok_or(CipherError::Header)?;
        let mut bytes = Zeroizing::new([0; KEY]);
        hex::decode_to_slice(key.expose(), bytes.as_mut_slice()).map_err(|_| CipherError::Key)?;
        let context = [header, format!("{id} {tenant}").as_bytes()].concat();
        let cipher = XChaCha20Poly1305::new((&*bytes).into());
        Ok(Self { stream: StreamBE32::from_aead(cipher, &prefix.into()), next: 0, context })
    }

    /// Seals a piece in place. Every piece but the last has [`PIECE`] bytes.
    pub(super) fn seal(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), CipherError> {
        let number = self.number().ok_or(CipherError::TooLarge)?;
        self.stream.encrypt_in_place(number, last, &self.context, piece).map_err(|_| CipherError::TooLarge)
    }

    /// Opens a piece in place; nothing of a piece that was changed is given out.
    pub(super) fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), CipherError> {
        let broken = CipherError::Piece(self.next);
        let number = self.number().ok_or(broken)?;
        self.stream.decrypt_in_place(number, last, &self.context, piece).map_err(|_| {
            piece.clear();
            broken
        })
    }

    fn number(&mut self) -> Option<u32> {
        let number = u32::try_from(self.next).ok();
        self.next += 1;
        number
    }
}

#[cfg(test)]
mod tests;
