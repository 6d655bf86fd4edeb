//! The pages of one database.

mod closed_handoff;
pub mod confirm;
pub mod connect;
pub mod credentials;
pub mod danger;
pub mod danger_acts;
pub(crate) mod danger_asked;
mod danger_standing;
pub mod handoff;
pub mod identity;
mod open_handoff;
pub mod overview;
pub mod plan;
pub mod rotate;
mod run_standing;
pub mod runs;
pub mod setup;
pub mod snippets;
mod standing;
mod usage;

use serde::{Deserialize, Serialize};

/// Which database a button is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantForm {
    /// Its name.
    pub name: String,
}
