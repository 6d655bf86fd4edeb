use base64::{Engine, engine::general_purpose::STANDARD};
use innkeeper_domain::ports::Random;
use std::fmt;
use zeroize::Zeroizing;

/// First word of a key's line: what it is and the version of the format.
const FORMAT: &str = "innkeeper-key-1";
/// Sets the id's derivation apart from every other use of the key (BLAKE3, section 2.3: `derive_key`).
const ID_CONTEXT: &str = "innkeeper master key id v1";

/// The key that wraps all others. It prints nothing of itself, and its memory is wiped.
#[derive(Clone)]
pub struct MasterKey {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// What is wrong with the line of a key file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyLineError {
    /// Not three words, or another first word.
    #[error("it does not hold lines `innkeeper-key-1 <key id> <base64>`, the current key first")]
    Format,
    /// The third word is not base64.
    #[error("its key is not base64")]
    Base64,
    /// Not 32 bytes.
    #[error("its key has {0} bytes instead of 32")]
    Length(usize),
    /// The id was not derived from this key.
    #[error("its key id does not belong to its key: one of them was changed")]
    Id,
}

impl MasterKey {
    /// Draws a new key.
    pub fn draw(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        random.fill(bytes.as_mut_slice());
        Self::from_bytes(bytes)
    }

    fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        let derived = Zeroizing::new(blake3::derive_key(ID_CONTEXT, bytes.as_slice()));
        Self { id: hex::encode(&derived[..8]), bytes }
    }

    /// Names the key in sealed records: 16 hexadecimal digits derived from it. No secret.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key. Only the sealer has use for it.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// Its line in a key file, with its end.
    pub(super) fn to_line(&self) -> Zeroizing<String> {
        let text = Zeroizing::new(STANDARD.encode(self.bytes.as_slice()));
        Zeroizing::new(format!("{FORMAT} {} {}\n", self.id, text.as_str()))
    }

    /// Reads a line of a key file.
    pub(super) fn from_line(text: &str) -> Result<Self, KeyLineError> {
        let line = text.strip_suffix('\n').unwrap_or(text);
        let mut words = line.split(' ');
        let (Some(FORMAT), Some(id), Some(key), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(KeyLineError::Format);
        };
        let decoded = Zeroizing::new(STANDARD.decode(key).map_err(|_| KeyLineError::Base64)?);
        if decoded.len() != 32 {
            return Err(KeyLineError::Length(decoded.len()));
        }
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(&decoded);
        let key = Self::from_bytes(bytes);
        if key.id == id { Ok(key) } else { Err(KeyLineError::Id) }
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[master key]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::OsRandom;

    #[test]
    fn a_key_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", Some(MasterKey::draw(&OsRandom))), "Some([master key])");
    }

    #[test]
    fn a_line_is_read_back_and_the_id_follows_from_the_key() {
        let key = MasterKey::draw(&OsRandom);
        let line = key.to_line();
        let read = MasterKey::from_line(&line).unwrap();
        assert_eq!((read.id(), read.bytes()), (key.id(), key.bytes()));
        assert_eq!(key.id().len(), 16);
        assert_ne!(MasterKey::draw(&OsRandom).id(), key.id());
        // The id gives nothing of the key away: it is no part of it.
        assert!(!hex::encode(key.bytes()).contains(key.id()));
    }

    #[test]
    fn what_is_no_key_line_is_refused() {
        let key = MasterKey::draw(&OsRandom);
        let (line, id) = (key.to_line(), key.id());
        let short = STANDARD.encode([7; 31]);
        let refused = |text: &str| MasterKey::from_line(text).unwrap_err();
        assert_eq!(refused(""), KeyLineError::Format);
        assert_eq!(refused("\n"), KeyLineError::Format);
        assert_eq!(refused(&line.replace("key-1", "key-2")), KeyLineError::Format);
        assert_eq!(refused(&format!("{}x y", *line)), KeyLineError::Format);
        assert_eq!(refused(&format!("{FORMAT} {id} ??")), KeyLineError::Base64);
        assert_eq!(refused(&format!("{FORMAT} {id} {short}")), KeyLineError::Length(31));
        assert_eq!(refused(&line.replace(id, "0123456789abcdef")), KeyLineError::Id);
    }
}
