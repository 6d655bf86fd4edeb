//! The durable engine: runs of steps that survive the death of any process at any moment.
//!
//! It is small and knows nothing of tenants. A worker takes a due run by a lease with a fencing token, records the
//! intent of a step, runs it, and records the result only while it still holds the token. A step that fails for good
//! is undone, and all before it. Laws of the steps: `docs/architecture.md`.

pub(crate) mod claim;
mod control;
pub mod failpoint;
mod journal;
mod start;
mod step;
mod worker;

#[cfg(test)]
mod tests;

pub use control::{go_on, turn_back};
pub use start::{NewRun, start};
pub use step::{Ended, OnFailure, Outcome, Plan, RunRow, Step, StepCx, StepError};
pub use worker::{Engine, WorkerSettings};
