//! What the portal does: its use cases, the SQL of the control database, and the engine that runs durable work.
//!
//! A page and its API endpoint call the same use case. A use case changes rows, writes the audit row and queues
//! the work in one transaction; nothing outside happens inside it.

pub mod account;
pub mod audit;
pub mod capacity;
pub mod changes;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod first_connection;
pub mod forms;
pub mod handoff;
pub mod identity;
pub mod lifecycle;
pub mod organisation;
pub mod orphans;
pub mod outbox;
pub mod passkey;
pub mod provision;
pub mod rate;
pub mod reconcile;
pub mod runs;
pub mod seal;
pub mod servers;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod slots;
pub mod staff;
pub mod store;
pub mod sweep;
pub mod tenants;
pub mod visitor;
pub mod wizard;

mod service;
#[cfg(test)]
mod testing;

pub use error::{Error, Result};
pub use service::{Service, Settings};
