//! Ids of forms and tokens.

use innkeeper_adapters::system::OsRandom;
use innkeeper_domain::ports::Random as _;

/// An id for forms and their tokens: 32 hexadecimal digits, 128 bits.
pub(super) fn fresh_id() -> String {
    let mut bytes = [0; 16];
    OsRandom.fill(&mut bytes);
    hex::encode(bytes)
}

/// Whether this is such an id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_have_their_shape() {
        let ids: Vec<_> = (0..100).map(|_| fresh_id()).collect();
        assert!(ids.iter().all(|id| is_id(id)));
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
        assert!(!is_id("") && !is_id("\r\nX: 1") && !is_id(&"ä".repeat(16)));
    }
}
