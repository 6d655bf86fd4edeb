//! Support numbers: short codes that a person can read over the phone.

use crate::{name::draw_plain, ports::Random};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A code such as `OB-7K3M-92QF`; 40 bits, no look-alikes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SupportNumber(String);

impl SupportNumber {
    /// Draws a number for a run (`OB-…`).
    pub fn for_run(random: &dyn Random) -> Self {
        Self::draw("OB", random)
    }

    /// Draws a number for an error (`ER-…`).
    pub fn for_error(random: &dyn Random) -> Self {
        Self::draw("ER", random)
    }

    fn draw(kind: &str, random: &dyn Random) -> Self {
        let code = draw_plain(random, 8).to_ascii_uppercase();
        Self(format!("{kind}-{}-{}", &code[..4], &code[4..]))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A number read back from where it was stored.
    pub fn stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for SupportNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
