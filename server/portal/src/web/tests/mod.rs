//! The web as a browser meets it: the router on a database of the test's own.

mod answers;
mod forms;
mod listener;
pub(crate) mod portal;
mod sessions;

use innkeeper_app::shell::{ACCESS, App};
use leptos::server_fn::axum::server_fn_paths;
use std::collections::BTreeSet;

#[test]
fn every_server_function_is_a_post_with_an_access_rule() {
    let functions: Vec<_> = server_fn_paths().collect();
    let registered: BTreeSet<_> = functions.iter().map(|(path, _)| *path).collect();
    let ruled: BTreeSet<_> = ACCESS.iter().map(|(path, _)| *path).collect();
    assert!(!registered.is_empty());
    assert_eq!(registered, ruled);
    assert_eq!((registered.len(), ruled.len()), (functions.len(), ACCESS.len()), "a path twice");
    for (path, method) in functions {
        assert_eq!(method, http::Method::POST, "{path}");
        assert!(path.starts_with("/do/") && path.matches('/').count() == 2, "{path}");
    }
}

#[test]
fn the_pages_are_these() {
    let mut pages: Vec<_> =
        leptos_axum::generate_route_list(App).iter().map(|route| route.path().to_owned()).collect();
    pages.sort();
    let known = [
        "/",
        "/account",
        "/account/passkey",
        "/dev/mailbox",
        "/dev/mailbox/{file}",
        "/help",
        "/o",
        "/o/{slug}",
        "/o/{slug}/sign-in",
        "/sign-in",
        "/sign-in/passkey",
        "/sign-up",
        "/sign-up/check",
        "/sign-up/database",
        "/signed-out",
        "/staff",
        "/staff/claim",
        "/staff/domains",
        "/staff/domains/proven",
        "/staff/domains/proven/{organisation}/{domain}",
        "/t",
        "/t/{name}",
        "/t/{name}/connect",
        "/t/{name}/credentials",
        "/t/{name}/credentials/rotate",
        "/t/{name}/danger",
        "/t/{name}/danger/destroy",
        "/t/{name}/danger/keep",
        "/t/{name}/danger/resume",
        "/t/{name}/danger/suspend",
        "/t/{name}/handoff",
        "/t/{name}/plan",
        "/t/{name}/plan/{plan}",
        "/t/{name}/runs",
        "/t/{name}/settings/identity",
        "/t/{name}/setup",
        "/verify",
    ];
    assert_eq!(pages, known);
}
