//! The control database: how a transaction sees what it may see.

pub mod paging;
pub mod run_events;
mod tenancy;
#[cfg(test)]
mod tests;

pub use tenancy::{as_account, as_member};

/// A transaction on the control database.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// The migrations, compiled in. They are forward-only and run as `innkeeper_owner`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
