//! What a run of the program comes to, as a JSON file.

use super::killers::Kind;
use crate::figures::spread;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All that is counted. What each field means is told in `docs/reliability/README.md`.
#[derive(Debug, Default)]
pub struct Report {
    /// What all was drawn by.
    pub seed: u64,
    /// Kills in all, also those that met no run.
    pub kills: usize,
    /// Kills at whose moment a run was being worked on, by kind: only these count.
    pub by_kind: BTreeMap<Kind, usize>,
    /// Connections that were only slowed down or frozen.
    pub slowed: usize,
    /// Runs by kind and how they ended.
    pub runs: BTreeMap<String, BTreeMap<String, usize>>,
    /// Runs that were stuck, each let go on by `innkeeper run resume`.
    pub stuck: usize,
    /// Mails that a mail server was given more than once, under one Message-ID.
    pub mails_again: usize,
    /// Things without a tenant, and tenants without their things.
    pub orphans: Vec<String>,
    /// Wishes that were accepted and not worked on to an end.
    pub lost: Vec<String>,
    /// Effects that were made twice.
    pub doubles: Vec<String>,
    /// From the start of a killed portal, or from a killed server's being there again, until the portal is ready.
    pub ready_ms: Vec<f64>,
    /// From the first moment a portal was able to work after the last kill that struck in a run, to that run's end.
    pub recovery_ms: Vec<f64>,
    /// From the first kill in a run to its end.
    pub struck_to_end_ms: Vec<f64>,
    /// Length of all, in seconds.
    pub seconds: f64,
}

impl Report {
    /// Kills that count.
    pub fn counted(&self) -> usize {
        self.by_kind.values().sum()
    }

    /// As it is written.
    pub fn to_json(&self) -> Value {
        let by_kind: BTreeMap<_, _> = self.by_kind.iter().map(|(kind, count)| (kind.name(), count)).collect();
        let runs: usize = self.runs.values().flat_map(BTreeMap::values).sum();
        let found = [&self.orphans[..], &self.lost[..], &self.doubles[..]].concat();
        json!({
            "seed": self.seed,
            "kills": self.kills,
            "kills_during_runs": self.counted(),
            "by_kind": by_kind,
            "slowed": self.slowed,
            "runs": runs,
            "runs_by_kind": self.runs,
            "stuck_and_let_go_on": self.stuck,
            "mails_given_again": self.mails_again,
            "orphans": self.orphans.len(),
            "lost": self.lost.len(),
            "doubles": self.doubles.len(),
            "found": found,
            "ready_ms": spread(&self.ready_ms),
            "recovery_ms": spread(&self.recovery_ms),
            "struck_to_end_ms": spread(&self.struck_to_end_ms),
            "seconds": self.seconds.round(),
        })
    }
}
