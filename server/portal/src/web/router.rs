//! Every address of the portal on one page.

use super::{
    AppState, assets, bundle::bundle, events::events, form_post::form_post, health, identity, mailbox,
    page::page, press, problem::Problem, rate_limit, request_log, security_headers, store::SessionRows,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Redirect, Response},
    routing::{MethodRouter, get, post},
};
use http::Method;
use innkeeper_app::shell::App;
use innkeeper_domain::routes::{API, Page, Segment, is_api};
use leptos_axum::generate_route_list;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate as _},
    csrf::CsrfLayer,
};
use tower_sessions::{
    Expiry, SessionManagerLayer,
    cookie::{SameSite, time::Duration},
};

/// The longest form, in bytes.
const BODY_MOST: usize = 64 * 1024;
/// How long a browser keeps its cookie. How long its session lives is for the control database to say.
const COOKIE: Duration = Duration::days(30);

/// The whole portal: pages, and this API, which has the same layers around it.
pub fn router(state: AppState, api: Router<AppState>) -> Router {
    let mut people = Router::new();
    for route in generate_route_list(App) {
        let handler = if route.path() == Page::Mailbox.pattern() { get(mailbox::mailbox) } else { get(page) };
        people = people.route(route.path(), handler);
    }
    for (pattern, handler) in beside_pages() {
        people = people.route(pattern, handler);
    }
    let people = people
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(sessions(&state))
        .layer(from_fn_with_state(state.clone(), press::keep_cookie));
    let mut machines = Router::new();
    for (pattern, handler) in without_session() {
        machines = machines.route(pattern, handler);
    }
    let api = api
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(from_fn_with_state(state.clone(), rate_limit::changes));
    finish(people.merge(machines).nest(API, api).fallback(nothing_here), state)
}

/// What a browser asks for and is no page that leptos renders.
pub(super) fn beside_pages() -> [(&'static str, MethodRouter<AppState>); 7] {
    [
        (pattern(Page::ServerFunction), post(form_post)),
        (pattern(Page::Bundle), post(bundle)),
        (pattern(Page::Events), get(events)),
        (pattern(Page::Provider), get(identity::leave)),
        (pattern(Page::Callback), get(identity::callback)),
        (pattern(Page::ProviderSignOut), get(identity::out)),
        (pattern(Page::BackChannelLogout), post(identity::back_channel)),
    ]
}

/// What needs no session.
pub(super) fn without_session() -> [(&'static str, MethodRouter<AppState>); 4] {
    [
        (Page::Health.pattern(), get(health::answer)),
        (pattern(Page::Asset), get(assets::asset)),
        (Page::Favicon.pattern(), get(assets::favicon)),
        (Page::CaCertificate.pattern(), get(health::ca_certificate)),
    ]
}

/// The pattern of pages of one kind.
fn pattern<T>(page: fn(Segment<T>) -> Page) -> &'static str {
    page("".into()).pattern()
}

/// The layers around everything, the outermost last.
pub(super) fn finish(router: Router<AppState>, state: AppState) -> Router {
    let csrf = CsrfLayer::new().add_trusted_origin(&state.site.public_url);
    router
        .layer(csrf.expect("the public URL was checked to be an origin when the configuration was read"))
        .layer(from_fn(request_log::deadline))
        .layer(CatchPanicLayer::custom(request_log::after_panic))
        .layer(from_fn_with_state(state.clone(), request_log::request_log))
        .layer(from_fn_with_state(state.clone(), security_headers::security_headers))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(not_secretive)))
        .with_state(state)
}

pub(super) fn sessions(state: &AppState) -> SessionManagerLayer<SessionRows> {
    SessionManagerLayer::new(SessionRows(state.service.pool.clone()))
        .with_name(state.site.cookie())
        .with_secure(state.site.https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path(Page::Landing.to_string())
        .with_expiry(Expiry::OnInactivity(COOKIE))
}

fn not_secretive(
    _: http::StatusCode,
    _: http::Version,
    _: &http::HeaderMap,
    extensions: &http::Extensions,
) -> bool {
    extensions.get::<security_headers::Secretive>().is_none()
}

/// 404; an address of a page with a slash too much leads to the one without.
async fn nothing_here(request: Request) -> Response {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/-_".contains(&byte);
    let ours = trimmed.len() > 1 && trimmed.bytes().all(plain) && !trimmed.contains("//") && !is_api(path);
    if ours && trimmed != path && [Method::GET, Method::HEAD].contains(request.method()) {
        return Redirect::permanent(trimmed).into_response();
    }
    Problem::NOT_FOUND.into_response()
}
