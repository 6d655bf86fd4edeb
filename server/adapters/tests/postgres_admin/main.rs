//! The administration of PostgreSQL against real throw-away servers. `INNKEEPER_TEST_PG_BIN` chooses the version.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which end by a panic")]

mod backups;
mod cluster;
mod escapes;
mod layout;
mod lifecycle;
mod locking;
mod looking;
mod rules;
mod slots;
mod watchdog;
