//! Provisioning: which steps make, renew and close a tenant, and how such runs are started.

mod definitions;
pub mod engine;
pub mod operations;
mod passwords;
mod provisioning_context;
mod run_outcome;
pub mod secrets;
mod start;
mod steps;
mod tenant_record;

pub use definitions::plans;
pub use provisioning_context::{Hold, Tools};
pub use start::{deadline, start_expiry, start_onboarding, start_renewal, start_run};
pub use steps::change_plan::PlanWish;

use self::engine::{Engine, WorkerSettings};
use std::sync::Arc;

/// The engine with all of the portal's plans.
pub fn engine(tools: &Arc<Tools>, settings: WorkerSettings) -> Engine<Hold> {
    Engine::new(tools.pool.clone(), plans(tools), tools.random.clone(), tools.changes.clone(), settings)
}

/// The names of the steps of a kind of run, in order.
pub fn step_names(kind: innkeeper_domain::run::RunKind) -> &'static [&'static str] {
    start::names(kind)
}
