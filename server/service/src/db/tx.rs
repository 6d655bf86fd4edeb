//! Transactions of use cases.

use super::proof;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::ops::{Deref, DerefMut};

/// A requester's transaction on the control database. Dropped, it is rolled back. In debug and test builds its commit
/// fails where something was changed that was not authorised, or is not in the audit log.
#[derive(Debug)]
pub struct Tx(Transaction<'static, Postgres>);

impl Tx {
    /// Begins one that reads and writes.
    pub async fn begin(pool: &PgPool) -> sqlx::Result<Self> {
        pool.begin().await.map(Self)
    }

    /// Begins one that only reads, and in which everything stands as it did at one moment.
    pub async fn begin_read(pool: &PgPool) -> sqlx::Result<Self> {
        pool.begin_with("begin isolation level repeatable read read only").await.map(Self)
    }

    /// Commits.
    pub async fn commit(mut self) -> sqlx::Result<()> {
        proof::check(&mut self.0).await?;
        self.0.commit().await
    }

    /// Rolls back, and waits until it has.
    pub async fn rollback(self) -> sqlx::Result<()> {
        self.0.rollback().await
    }
}

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}
