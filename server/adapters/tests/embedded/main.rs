//! The embedded cluster on real PostgreSQL: 15, or the version whose programs `INNKEEPER_TEST_EMBEDDED_BIN` names.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod certificate;
mod control_database;
mod network;
mod start;
mod support;
