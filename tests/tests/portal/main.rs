//! Whole-portal tests: the real binary over HTTP, on real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the counts a test stands for are printed")]

mod address;
mod chaos;
mod connections;
mod crash;
mod doctor;
mod embedded;
mod ended_sessions;
mod external;
mod faults;
mod foreign;
mod handoff;
mod health;
mod identity;
mod isolation;
mod journey;
mod key;
mod load;
mod mailbox;
mod messages;
mod organisation;
mod orphan;
mod output;
mod parallel;
mod reset;
mod secrets;
mod sign_in;
mod slots;
mod staff;
mod start;
mod storage;
mod suspend;
mod unending;
mod wrong_input;
