//! The web as a browser meets it: the router on a database of the test's own.

mod answers;
mod forms;
mod listener;
pub(crate) mod portal;
mod sessions;

use super::router::{beside_pages, without_session};
use innkeeper_app::{
    shell::{App, leaves_a_secret},
    web::rules,
};
use innkeeper_domain::routes::Page;
use leptos::server_fn::axum::server_fn_paths;
use leptos_axum::AxumRouteListing;
use std::collections::BTreeSet;

#[test]
fn every_server_function_is_a_post_with_one_rule() {
    let functions: Vec<_> = server_fn_paths().collect();
    let registered: BTreeSet<_> = functions.iter().map(|(path, _)| *path).collect();
    let ruled: BTreeSet<_> = rules().map(|rule| rule.path).collect();
    assert!(!registered.is_empty());
    assert_eq!(registered, ruled);
    assert_eq!((registered.len(), ruled.len()), (functions.len(), rules().count()), "a path twice");
    for (path, method) in functions {
        assert_eq!(method, http::Method::POST, "{path}");
        assert!(path.starts_with("/do/") && path.matches('/').count() == 2, "{path}");
    }
}

#[test]
fn the_router_has_a_place_for_every_page_and_for_nothing_else() {
    let pages = leptos_axum::generate_route_list(App);
    let beside = beside_pages().map(|(pattern, _)| pattern);
    let machines = without_session().map(|(pattern, _)| pattern);
    let routed: Vec<_> = pages.iter().map(AxumRouteListing::path).chain(beside).chain(machines).collect();
    let distinct: BTreeSet<_> = routed.iter().copied().collect();
    assert_eq!(distinct.len(), routed.len(), "a path twice");
    assert_eq!(distinct, Page::PATTERNS.iter().copied().collect());
}

#[test]
fn a_secret_is_left_by_a_server_function_that_there_is() {
    assert_eq!(rules().filter(|rule| leaves_a_secret(rule.path)).count(), 1);
    for rule in rules() {
        assert!(matches!(Page::parse(rule.path), Some(Page::ServerFunction(_))), "{rule:?}");
    }
}
