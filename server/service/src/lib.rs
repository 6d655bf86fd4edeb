//! What the portal does: its use cases, the SQL of the control database, and the engine that runs durable work.
//!
//! A page and its API endpoint call the same use case. A use case changes rows, writes the audit row and queues
//! the work in one transaction; nothing outside happens inside it.

pub mod background;
pub mod context;
pub mod db;
pub mod fleet;
pub mod organisations;
pub mod people;
pub mod sign_in;
pub mod tenants;
pub mod workflows;

#[cfg(test)]
mod testing;

pub use context::{
    deps::{Service, Settings},
    error::{Error, Result},
};
