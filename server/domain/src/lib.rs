//! What Innkeeper is about: its types and rules. Pure: no database, no HTTP, no clock of its own.
//!
//! Text from outside becomes one of these types by a parser that says what is wrong, why, and what to do;
//! after that nothing needs to be checked again.

pub mod allowlist;
pub mod backoff;
pub mod capacity;
pub mod connection;
pub mod email;
pub mod ended_sessions;
pub mod handoff;
pub mod hba;
pub mod identity;
pub mod ids;
pub mod mail;
pub mod name;
pub mod net;
pub mod organisation;
pub mod organisation_slug;
pub mod orphan;
pub mod password;
pub mod permission;
pub mod plan;
pub mod ports;
pub mod removal;
pub mod routes;
pub mod run;
pub mod secret;
pub mod staff;
pub mod standing;
pub mod support;
pub mod system;
pub mod tenant;
pub mod text;
pub mod transition;
