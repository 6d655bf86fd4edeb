//! Server functions after which a page must not come back.

use crate::pages;
use leptos::server_fn::ServerFn;

/// Whether what a server function of this path was sent from shows a secret and is left for good: it must not come back from
/// the browser's memory, which no-store does not forbid.
pub fn leaves_a_secret(path: &str) -> bool {
    path == pages::tenant::handoff::Confirm::PATH
}
