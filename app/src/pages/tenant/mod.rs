//! The pages of one database.

mod closed_handoff;
pub mod connect;
pub mod handoff;
mod open_handoff;
pub mod overview;
pub mod runs;
pub mod setup;
pub mod snippets;
mod usage;

use serde::{Deserialize, Serialize};

/// Which database a button is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantForm {
    /// Its name.
    pub name: String,
}
