//! The REST API, for programs. It has no endpoints yet: this is the frame that they go into.
//!
//! It is mounted under `/api/v1` with the layers of the pages around it: each request has its number and its line in the
//! log, the security headers, and counts against the limit of changes of its address. A refusal is problem+json
//! (RFC 9457): a handler returns [`Problem`], as those of pages do.

use crate::web::{AppState, Problem};
use axum::Router;

#[cfg(test)]
mod tests;

/// All endpoints, without the prefix of their version.
pub fn router() -> Router<AppState> {
    Router::new().fallback(async || Problem::NOT_FOUND)
}
