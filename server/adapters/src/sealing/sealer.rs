use super::{MasterKey, MasterKeyError, MasterKeys, file::Stamp};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use innkeeper_domain::ports::{Random, SealError, Sealed, Sealer};
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// Version of the bytes of a sealed record:
/// `version 1 | wrap nonce 24 | wrapped key 32 + 16 | data nonce 24 | ciphertext + 16`.
const VERSION: u8 = 1;
const NONCE: usize = 24;
const KEY: usize = 32;
const TAG: usize = 16;

/// Seals with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03; RFC 8439), each record under a fresh key.
///
/// Nonces are random: with 24 bytes a repetition under one key is out of reach. The context is associated
/// data of both layers, so that neither a record nor a wrapped key opens in another's place.
///
/// Where the keys come from a file, that is looked at each time something is sealed or opened, and read again when it was
/// replaced: a rotation of the key needs no restart.
pub struct MasterSealer {
    file: Option<PathBuf>,
    held: Mutex<Held>,
    random: Arc<dyn Random>,
}

/// The keys, and as what the file looked when they were read.
struct Held {
    keys: Arc<MasterKeys>,
    stamp: Option<Stamp>,
    /// Whether it could not be read, which is said once, and as what it looked then. It is tried again at each use.
    failed: (bool, Option<Stamp>),
}

impl MasterSealer {
    /// Seals under the current one of these keys, and opens under all of them.
    pub fn new(keys: MasterKeys, random: Arc<dyn Random>) -> Self {
        Self {
            file: None,
            held: Mutex::new(Held { keys: Arc::new(keys), stamp: None, failed: (false, None) }),
            random,
        }
    }

    /// The same by the keys of a file, which is made where there is none.
    pub fn of_file(path: &Path, random: Arc<dyn Random>) -> Result<Self, MasterKeyError> {
        MasterKeys::load_or_create(path, &*random)?;
        let (keys, stamp) = MasterKeys::read(path)?;
        let held = Mutex::new(Held { keys: Arc::new(keys), stamp: Some(stamp), failed: (false, None) });
        Ok(Self { file: Some(path.into()), held, random })
    }

    /// The keys as they are now. A file that cannot be read leaves those that were read before.
    pub fn keys(&self) -> Arc<MasterKeys> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(path) = &self.file else { return held.keys.clone() };
        let stamp = Stamp::now(path);
        if stamp == held.stamp {
            return held.keys.clone();
        }
        match MasterKeys::read(path) {
            Ok((mut keys, stamp)) => {
                tracing::info!(key = keys.current(), older = ?keys.older(), "the master key file was read again");
                // What was read from the database a moment ago may need a key that is out of the file since.
                let former = std::iter::once(&held.keys.current).chain(&held.keys.older);
                let gone: Vec<MasterKey> = former.filter(|key| !keys.has(key.id())).cloned().collect();
                keys.older.extend(gone);
                *held = Held { keys: Arc::new(keys), stamp: Some(stamp), failed: (false, None) };
            }
            Err(error) => {
                if std::mem::replace(&mut held.failed, (true, stamp)) != (true, stamp) {
                    tracing::error!(
                        %error,
                        "the master key file cannot be read again; going on with the keys that were read before"
                    );
                }
            }
        }
        held.keys.clone()
    }
}

/// Associated data of a wrapped key. Ids have one length, so no other pair makes the same bytes.
fn wrap_context(key: &MasterKey, context: &str) -> Vec<u8> {
    [key.id().as_bytes(), context.as_bytes()].concat()
}

fn encrypt(key: &[u8; KEY], nonce: &[u8; NONCE], msg: &[u8], aad: &[u8]) -> Vec<u8> {
    XChaCha20Poly1305::new(key.into())
        .encrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .expect("only texts of more than 256 GiB are refused, and those do not fit into memory here")
}

fn decrypt(
    key: &[u8; KEY],
    nonce: &[u8; NONCE],
    msg: &[u8],
    aad: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    XChaCha20Poly1305::new(key.into())
        .decrypt(&XNonce::from(*nonce), Payload { msg, aad })
        .map(Zeroizing::new)
        .map_err(|_| SealError::Broken)
}

impl Sealer for MasterSealer {
    fn seal(&self, plain: &[u8], context: &str) -> Sealed {
        let mut data_key = Zeroizing::new([0; KEY]);
        let (mut wrap_nonce, mut data_nonce) = ([0; NONCE], [0; NONCE]);
        self.random.fill(data_key.as_mut_slice());
        self.random.fill(&mut wrap_nonce);
        self.random.fill(&mut data_nonce);
        let keys = self.keys();
        let key = &keys.current;
        let wrapped = encrypt(key.bytes(), &wrap_nonce, data_key.as_slice(), &wrap_context(key, context));
        let ciphertext = encrypt(&data_key, &data_nonce, plain, context.as_bytes());
        let bytes = [&[VERSION], &wrap_nonce[..], &wrapped, &data_nonce, &ciphertext].concat();
        Sealed { key_id: key.id().to_owned(), bytes }
    }

    fn open(&self, sealed: &Sealed, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let keys = self.keys();
        let master = keys.find(&sealed.key_id).ok_or_else(|| SealError::UnknownKey(sealed.key_id.clone()))?;
        let parts = Parts::read(&sealed.bytes).ok_or(SealError::Broken)?;
        let unwrapped =
            decrypt(master.bytes(), parts.wrap_nonce, parts.wrapped, &wrap_context(master, context))?;
        let mut data_key = Zeroizing::new([0; KEY]);
        // As long as it is: the length of `wrapped` is fixed.
        data_key.copy_from_slice(&unwrapped);
        decrypt(&data_key, parts.data_nonce, parts.ciphertext, context.as_bytes())
    }
}

/// The bytes of a record, taken apart.
struct Parts<'a> {
    wrap_nonce: &'a [u8; NONCE],
    wrapped: &'a [u8; KEY + TAG],
    data_nonce: &'a [u8; NONCE],
    ciphertext: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(&[VERSION])?;
        let (wrap_nonce, rest) = rest.split_first_chunk()?;
        let (wrapped, rest) = rest.split_first_chunk()?;
        let (data_nonce, ciphertext) = rest.split_first_chunk()?;
        Some(Self { wrap_nonce, wrapped, data_nonce, ciphertext })
    }
}

impl fmt::Debug for MasterSealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[sealer]")
    }
}

#[cfg(test)]
mod tests;
