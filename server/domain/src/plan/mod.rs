//! Plans: what a customer may use, and which extensions there are to choose from.

mod extension;
mod limits;

pub use extension::{Extension, UnknownExtension};
pub use limits::{LOCKS_PER_TENANT, Limits, PARTS_OF_LOCK_TABLE};

use serde::{Deserialize, Serialize};

/// A published version of a plan. Published versions do not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Its name in forms and URLs (`starter`).
    pub name: String,
    /// Counted from 1.
    pub version: i32,
    /// Its name for people (`Starter`).
    pub label: String,
    /// One sentence on whom it is for.
    pub summary: String,
    /// Whether a customer gets it without staff.
    pub self_service: bool,
    /// What it allows.
    pub limits: Limits,
}
