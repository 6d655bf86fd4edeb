//! Tenants as their people see them: the list, one of them, and the journal of its runs.

mod ended_sessions;
pub mod handoff;
pub mod lifecycle;
mod list;
pub mod onboarding;
pub mod request;
mod runs;
mod view;

pub use ended_sessions::{EndedLine, ended_lately};
pub use list::{TenantLine, list, of_organisation};
pub use runs::{RunLine, StepLine, runs};
pub use view::{TenantView, open, usage};

pub(crate) use runs::{latest_of, latest_onboarding};
pub(crate) use view::{known, load};

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
