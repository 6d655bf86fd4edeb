//! The portal over HTTP: router, middleware, sessions, and the handlers that are no pages.
//!
//! A page is rendered by [`page`], a change goes through [`form_post`]; both get their context from [`context`]. What no
//! handler answered with a body of its own gets one in [`request_log`].

mod assets;
mod browser_session;
mod bundle;
mod client;
mod context;
mod cookies;
mod csrf;
mod events;
mod form_body;
mod form_post;
mod fresh_id;
mod health;
mod health_check;
mod identity;
mod listener;
mod locked_mailbox;
mod mailbox;
mod page;
mod press;
mod problem;
mod rate_limit;
mod request_log;
mod router;
mod security_headers;
mod site;
mod state;
mod store;
mod streams;

#[cfg(test)]
pub(crate) mod tests;

pub use client::Peer;
pub use listener::{ServerLimits, listen};
pub use locked_mailbox::{LockedMailbox, MailboxToken};
pub use problem::{Problem, log_panics};
pub use router::router;
pub use site::Site;
pub use state::AppState;
