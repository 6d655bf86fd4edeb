//! Every address of the portal on one page.

use super::{
    AppState, act::act, assets, bundle::bundle, edge, events::events, headers, health, identity, page::page,
    problem::Problem, store::SessionRows,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    middleware::{from_fn, from_fn_with_state},
    response::{IntoResponse as _, Redirect, Response},
    routing::{get, post},
};
use http::Method;
use innkeeper_app::web::App;
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

/// The whole portal.
pub fn router(state: AppState) -> Router {
    let mut people = Router::new();
    for route in generate_route_list(App) {
        people = people.route(route.path(), get(page));
    }
    let people = people
        .route("/do/{name}", post(act))
        .route("/t/{name}/handoff/bundle", post(bundle))
        .route("/t/{name}/events", get(events))
        .route("/sign-in/{provider}", get(identity::leave))
        .route("/sign-in/{provider}/callback", get(identity::callback))
        .route("/sign-in/{provider}/out", get(identity::out))
        .route("/sign-in/{provider}/back-channel", post(identity::back_channel))
        .layer(DefaultBodyLimit::max(BODY_MOST))
        .layer(sessions(&state));
    let machines = Router::new()
        .route("/health", get(health::health))
        .route("/assets/{*path}", get(assets::asset))
        .route("/favicon.ico", get(assets::favicon))
        .route("/ca.crt", get(health::ca_certificate));
    finish(people.merge(machines).fallback(nothing_here), state)
}

/// The layers around everything, the outermost last.
pub(super) fn finish(router: Router<AppState>, state: AppState) -> Router {
    let csrf = CsrfLayer::new().add_trusted_origin(&state.site.public_url);
    router
        .layer(csrf.expect("the public URL was checked to be an origin when the configuration was read"))
        .layer(from_fn(edge::deadline))
        .layer(CatchPanicLayer::custom(edge::after_panic))
        .layer(from_fn_with_state(state.clone(), edge::problem_pages))
        .layer(from_fn_with_state(state.clone(), headers::headers))
        .layer(CompressionLayer::new().compress_when(DefaultPredicate::new().and(not_secretive)))
        .with_state(state)
}

pub(super) fn sessions(state: &AppState) -> SessionManagerLayer<SessionRows> {
    SessionManagerLayer::new(SessionRows(state.service.pool.clone()))
        .with_name(state.site.cookie())
        .with_secure(state.site.https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(COOKIE))
}

fn not_secretive(
    _: http::StatusCode,
    _: http::Version,
    _: &http::HeaderMap,
    extensions: &http::Extensions,
) -> bool {
    extensions.get::<headers::Secretive>().is_none()
}

/// 404; an address of ours with a slash too much leads to the one without.
async fn nothing_here(request: Request) -> Response {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/-_".contains(&byte);
    let ours = trimmed.len() > 1 && trimmed.bytes().all(plain) && !trimmed.contains("//");
    if ours && trimmed != path && [Method::GET, Method::HEAD].contains(request.method()) {
        return Redirect::permanent(trimmed).into_response();
    }
    Problem::NOT_FOUND.into_response()
}
