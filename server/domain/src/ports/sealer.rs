use zeroize::Zeroizing;

/// A sealed text: useless without the master key and the context it was sealed for.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which master key wraps its own key.
    pub key_id: String,
    /// Wrapped key, nonces and ciphertext, in the adapter's format.
    pub bytes: Vec<u8>,
}

/// Why a text cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// Sealed under a master key that this portal does not have.
    #[error(
        "encrypted under master key {0}, which is not here: put that key back (INNKEEPER_MASTER_KEY_FILE)"
    )]
    UnknownKey(String),
    /// Changed, or sealed for something else.
    #[error("the encrypted copy was changed or belongs to something else")]
    Broken,
}

/// Seals texts (envelope encryption: a key of its own for each, wrapped by the master key).
pub trait Sealer: Send + Sync {
    /// Seals a text for a context, such as `handoff hd_… owner`; only the same context opens it.
    fn seal(&self, plain: &[u8], context: &str) -> Sealed;
    /// Opens a sealed text.
    fn open(&self, sealed: &Sealed, context: &str) -> Result<Zeroizing<Vec<u8>>, SealError>;
}
