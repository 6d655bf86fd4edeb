//! The control database: how a transaction sees what it may see.

pub mod paging;
pub mod proof;
pub mod run_events;
mod tenancy;
mod tenant_state;
#[cfg(test)]
mod tests;
mod tx;

pub use tenancy::{as_account, as_member};
pub use tenant_state::transition;
pub use tx::Tx;

/// The migrations, compiled in. They are forward-only and run as `innkeeper_owner`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
