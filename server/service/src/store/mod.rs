//! The control database: how a transaction sees what it may see.

mod scope;

pub use scope::{as_account, as_member, begin_as_account, look_as_account, role_in};

/// A transaction on the control database.
pub type Tx = sqlx::Transaction<'static, sqlx::Postgres>;

/// The migrations, compiled in. They are forward-only and run as `innkeeper_owner`.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");
