//! Looks for secrets in bytes, in every form in which a careless program writes them.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// A secret and its disguises.
pub struct Needle {
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    /// A secret as it is, in base64 at each of its three places in a group of three bytes, in hexadecimal, and encoded
    /// for URLs byte by byte.
    pub fn new(secret: &str) -> Self {
        let mut forms = vec![("raw", secret.as_bytes().to_vec())];
        for shift in 0..3 {
            let padded = [vec![0; shift], secret.as_bytes().to_vec()].concat();
            // The first and last characters depend on what stands around.
            let whole = padded.len() / 3 * 4;
            let from = if shift == 0 { 0 } else { 4 };
            let text = STANDARD_NO_PAD.encode(&padded)[from..whole].to_owned();
            forms.push(("base64", text.replace('+', "-").replace('/', "_").into_bytes()));
            forms.push(("base64", text.into_bytes()));
        }
        let hex = hex::encode(secret);
        forms.push(("hex", hex.to_uppercase().into_bytes()));
        forms.push(("hex", hex.into_bytes()));
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
        forms.push(("URL", encoded.to_lowercase().into_bytes()));
        forms.push(("URL", encoded.into_bytes()));
        forms.dedup_by(|a, b| a.1 == b.1);
        Self { forms }
    }

    /// In which form the secret stands in the bytes, if it does.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        self.forms.iter().find(|(_, form)| contains(bytes, form)).map(|(name, _)| *name)
    }
}

/// Whether bytes hold other bytes; by their first one, which is fast for the rare letters of a drawn password.
fn contains(bytes: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else { return false };
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| byte == first) {
        let behind = &bytes[from + at + 1..];
        if behind.starts_with(rest) {
            return true;
        }
        from += at + 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;

    #[test]
    fn a_secret_is_found_in_each_of_its_disguises() {
        let secret = "Kx7mQ2vT9wRbY4nZc8JhP5dS";
        let needle = Needle::new(secret);
        for before in ["", "x", "xy", "xyz"] {
            let text = format!("{before}{secret}, and more");
            assert_eq!(needle.found_in(text.as_bytes()), Some("raw"));
            assert_eq!(needle.found_in(STANDARD.encode(&text).as_bytes()), Some("base64"), "{before}");
            assert_eq!(needle.found_in(hex::encode(&text).as_bytes()), Some("hex"));
            assert_eq!(needle.found_in(hex::encode_upper(&text).as_bytes()), Some("hex"));
        }
        let encoded: String = secret.bytes().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(needle.found_in(encoded.as_bytes()), Some("URL"));
        assert_eq!(needle.found_in(b"Kx7mQ2vT9wRbY4nZc8JhP5d"), None);
    }
}
