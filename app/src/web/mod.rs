//! What every page and every server function shares: the request's context, form state, outcomes, fields.

mod cx;
mod document;
mod fields;
mod form;
mod form_state;
mod mistakes;
mod outcome;
mod problem;
mod rule;

pub use cx::{BrowserSession, Cx, PageEnd, Theme};
pub use document::{Head, Layout, NoReferrer, PageTitle};
pub use fields::{About, Area, Choice, ErrorSummary, Field, Issue, described_by, id_of};
pub use form::Form;
pub(crate) use form::token;
pub use form_state::{Filled, FormState, Secret};
pub use mistakes::{Mistake, Mistakes};
pub use outcome::{Refusal, SeeOther, refused, see_other};
pub use problem::{Problem, problem_page};
pub(crate) use rule::needs;
pub use rule::{Rule, rule, rules};
