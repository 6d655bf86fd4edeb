//! What every page and every server function shares: the request's context, form state, outcomes, fields.

mod access;
mod cx;
mod document;
mod fields;
mod form;
mod outcome;
mod problem;

pub use access::{ACCESS, Access, access};
pub use cx::{BrowserSession, Cx, PageEnd, Theme};
pub use document::{App, Layout, NoReferrer, PageTitle, shell};
pub use fields::{Area, Choice, ErrorSummary, Field, Issue, described_by};
pub(crate) use form::token;
pub use form::{Filled, Form, FormState, Secret};
pub use innkeeper_domain::mistakes::Mistakes;
pub use outcome::{Refusal, SeeOther, refused, see_other, with_query};
pub use problem::{Problem, problem_page};
