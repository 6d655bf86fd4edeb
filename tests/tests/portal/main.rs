//! Whole-portal tests: the real binary over HTTP, on real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "the counts a test stands for are printed")]

mod chaos;
mod crash;
mod doctor;
mod embedded;
mod external;
mod faults;
mod foreign;
mod handoff;
mod identity;
mod isolation;
mod journey;
mod load;
mod organisation;
mod orphan;
mod parallel;
mod secrets;
mod sign_in;
mod slots;
mod staff;
mod suspend;
mod wrong_input;
