//! The administration of PostgreSQL against real throw-away servers. `INNKEEPER_TEST_PG_BIN` chooses the version.

#![expect(clippy::print_stdout, reason = "the counts a test stands for are printed")]
#![expect(clippy::unwrap_used, reason = "helpers of tests, which end by a panic")]

mod backups;
mod cluster;
mod dumps;
mod escapes;
mod layout;
mod lifecycle;
mod locking;
mod looking;
mod reset;
mod rules;
mod slots;
mod storage;
mod unending;
mod watchdog;
