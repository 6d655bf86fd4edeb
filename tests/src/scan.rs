//! Looks for secrets in bytes, in every form in which a careless program writes them.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};

/// A secret and its disguises.
pub struct Needle {
    forms: Vec<(&'static str, Vec<u8>)>,
}

impl Needle {
    /// A secret as it is, in base64 at each of its three places in a group of three bytes, in hexadecimal, and encoded
    /// for URLs byte by byte.
    pub fn new(secret: &str) -> Self {
        let mut forms = vec![("it is", secret.as_bytes().to_vec())];
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
        forms.sort();
        forms.dedup();
        Self { forms }
    }
}

/// Looks for many needles in one pass.
pub struct Sieve<'a> {
    /// The forms that begin with these two bytes.
    by_start: Vec<Vec<(&'static str, &'a [u8])>>,
}

impl<'a> Sieve<'a> {
    /// For these needles.
    pub fn new(needles: &'a [Needle]) -> Self {
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (name, form) in needles.iter().flat_map(|needle| &needle.forms) {
            assert!(form.len() >= 12, "too short to be a secret");
            by_start[start(form[0], form[1])].push((*name, form.as_slice()));
        }
        Self { by_start }
    }

    /// In which form one of the secrets stands in the bytes, if one does.
    pub fn found_in(&self, bytes: &[u8]) -> Option<&'static str> {
        bytes.windows(2).enumerate().find_map(|(at, pair)| {
            let forms = &self.by_start[start(pair[0], pair[1])];
            forms.iter().find(|(_, form)| bytes[at..].starts_with(form)).map(|(name, _)| *name)
        })
    }
}

fn start(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// A secret as programs write it by mistake: in a line, and that line encoded.
pub fn disguises(secret: &str) -> Vec<String> {
    let mut all = Vec::new();
    for before in ["", "x", "xy"] {
        let line = format!("{before}{secret}, and more");
        all.extend([STANDARD.encode(&line), hex::encode(&line), hex::encode_upper(&line), line]);
    }
    all.push(secret.bytes().map(|byte| format!("%{byte:02x}")).collect());
    all.push(secret.bytes().map(|byte| format!("%{byte:02X}")).collect());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_each_of_its_disguises_and_nothing_else_is() {
        let needles = [Needle::new("Kx7mQ2vT9wRbY4nZc8JhP5dS"), Needle::new("Kx9mQ2vT9wRbY4nZc8JhP5dS")];
        let sieve = Sieve::new(&needles);
        let all = disguises("Kx7mQ2vT9wRbY4nZc8JhP5dS");
        assert_eq!(all.len(), 14);
        for text in all {
            assert!(sieve.found_in(text.as_bytes()).is_some(), "{text}");
        }
        assert_eq!(sieve.found_in(b"Kx7mQ2vT9wRbY4nZc8JhP5d"), None);
        for text in disguises("Kx8mQ2vT9wRbY4nZc8JhP5dS") {
            assert_eq!(sieve.found_in(text.as_bytes()), None, "{text}");
        }
    }
}
