//! Envelope encryption: every record has a key of its own, and the master key wraps those keys.

mod file;
mod key;
mod keys;
mod sealer;

pub use file::MasterKeyError;
pub use key::MasterKey;
pub use keys::MasterKeys;
pub use sealer::MasterSealer;
