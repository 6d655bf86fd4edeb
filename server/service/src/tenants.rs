//! Tenants as their people see them: the list, one of them, and the journal of its runs.

pub(crate) mod cursor;
mod list;
mod record;
mod runs;
mod view;

pub use list::{Page, TenantLine, list};
pub use runs::{RunLine, StepLine, runs};
pub use view::{TenantView, open, usage};

pub(crate) use list::{one_more, pattern};
pub(crate) use record::record;
pub(crate) use runs::{latest_of, latest_onboarding};
pub(crate) use view::{load, load_as_admin};

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;
