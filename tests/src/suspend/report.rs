//! What a run of the program comes to, as a JSON file.

use super::CLIENTS;
use crate::figures::spread;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All that is counted. What each field means is told in `docs/reliability/README.md`.
#[derive(Debug, Default)]
pub struct Report {
    /// From the press of the button to the first of the looks that found no session, and none from then on.
    pub cut_ms: Vec<f64>,
    /// The run, from its being accepted to its end, by the journal.
    pub run_ms: Vec<f64>,
    /// Tries to sign in that were refused, by what was said, over all rounds.
    pub refused: BTreeMap<String, usize>,
    /// Sessions that were there when none may be.
    pub found: Vec<String>,
    /// Length of all, in seconds.
    pub seconds: f64,
}

impl Report {
    /// As it is written.
    pub fn to_json(&self) -> Value {
        json!({
            "rounds": self.run_ms.len(),
            "clients": CLIENTS,
            "cut_ms": spread(&self.cut_ms),
            "run_ms": spread(&self.run_ms),
            "refused": self.refused,
            "found": self.found,
            "seconds": self.seconds.round(),
        })
    }
}
