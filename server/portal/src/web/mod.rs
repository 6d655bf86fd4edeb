//! The portal over HTTP: router, middleware, sessions, and the handlers that are no pages.
//!
//! A page is rendered by [`page`], a change goes through [`act`]; both get their context from [`context`]. What no
//! handler answered with a page of its own becomes one in [`edge`].

mod act;
mod assets;
mod browser;
mod bundle;
mod client;
mod context;
mod edge;
mod events;
mod guard;
mod headers;
mod health;
mod identity;
mod listener;
mod page;
mod problem;
mod router;
mod state;
mod store;

#[cfg(test)]
mod tests;

pub use client::Peer;
pub use listener::{Door, listen};
pub use problem::log_panics;
pub use router::router;
pub use state::{AppState, Site};
