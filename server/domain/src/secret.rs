//! A text that must not be printed, logged, serialised or compared in variable time.

use std::fmt;
use zeroize::Zeroizing;

/// A secret text. It has no `Display` and no `Serialize`; its `Debug` says nothing; its memory is wiped.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text into custody.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself. Each caller answers for where it goes.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both are the same text, in time that depends on the lengths only.
    pub fn same(&self, other: &Secret) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0, |seen, (x, y)| seen | (x ^ y)) == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print_itself() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some([secret])");
    }

    #[test]
    fn secrets_compare_whole() {
        assert!(Secret::new("abc").same(&Secret::new("abc")));
        assert!(!Secret::new("abc").same(&Secret::new("abd")));
        assert!(!Secret::new("abc").same(&Secret::new("abcd")));
    }
}
