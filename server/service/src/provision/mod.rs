//! Provisioning: which steps make, renew and close a tenant, and how such runs are started.

mod finish;
mod plans;
mod rules;
mod start;
mod steps;
mod subject;
mod tools;

pub use plans::plans;
pub use rules::{RuleWriter, load as rules_of};
pub use start::{deadline, start_expiry, start_onboarding, start_renewal, start_run};
pub use steps::change_plan::PlanWish;
pub use tools::{Hold, Tools};

use crate::engine::{Engine, WorkerSettings};
use std::sync::Arc;

/// The engine with all of the portal's plans.
pub fn engine(tools: &Arc<Tools>, settings: WorkerSettings) -> Engine<Hold> {
    Engine::new(tools.pool.clone(), plans(tools), tools.random.clone(), tools.changes.clone(), settings)
}

/// The names of the steps of a kind of run, in order.
pub fn step_names(kind: innkeeper_domain::run::RunKind) -> &'static [&'static str] {
    start::names(kind)
}
