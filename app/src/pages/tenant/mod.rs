//! The pages of one database.

pub mod activity;
pub mod confirm;
pub mod connect;
pub mod credentials;
pub mod handoff;
pub mod lifecycle;
pub mod overview;
pub mod plan;
pub mod reset_passwords;
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
