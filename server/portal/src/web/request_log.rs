//! The outer layers: each request gets its number and its line in the log, each bare refusal a page (in the API
//! problem+json), each handler a deadline.

use super::{
    AppState,
    client::Client,
    problem::{PROBLEM_JSON, Problem as Refused, ReturnTo, problem_json, wants_problem_json},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Method, StatusCode, header};
use innkeeper_app::web::{Problem, problem_page};
use innkeeper_domain::{
    routes::{Page, is_api},
    support::SupportNumber,
};
use std::time::{Duration, Instant};
use tracing::Instrument as _;

/// How long a request may take, its body included. Live pages have their own end.
const DEADLINE: Duration = Duration::from_secs(30);

/// Gives the request its number and its span, and what comes back bare a body. One line in the log for each request;
/// the query is never in it, because tokens stand there.
pub(super) async fn request_log(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let number = SupportNumber::for_error(state.random());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let (parts, body) = request.into_parts();
    let client = Client::of(&parts, &state.site).address;
    let json = is_api(&path) || wants_problem_json(&parts.headers);
    let request = Request::from_parts(parts, body);
    let span = tracing::info_span!("request", %number, %method, path);
    let began = Instant::now();
    async {
        let answer = if known(&method) { next.run(request).await } else { not_allowed() };
        let answer = dress(answer, &number, json);
        let (status, ms) = (answer.status().as_u16(), began.elapsed().as_millis());
        if matches!(Page::parse(&path), Some(Page::Asset(_) | Page::Health)) {
            tracing::debug!(%client, status, ms, "answered");
        } else {
            tracing::info!(%client, status, ms, "answered");
        }
        answer
    }
    .instrument(span)
    .await
}

/// The methods that mean something here or get their 405 from the router.
fn known(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS]
        .contains(method)
}

fn not_allowed() -> Response {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD, POST")]).into_response()
}

/// A page for a refusal that has none, or problem+json for a program.
fn dress(answer: Response, number: &SupportNumber, json: bool) -> Response {
    let status = answer.status();
    let kind = answer.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let usual: &[&str] = if json { &[PROBLEM_JSON] } else { &["text/html", "application/json"] };
    let has_body = usual.iter().any(|usual| kind.starts_with(usual.as_bytes()));
    if has_body || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let (mut parts, _) = answer.into_parts();
    let wait = parts.headers.get(header::RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
    parts.headers.remove(header::CONTENT_LENGTH);
    if json {
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        let body = problem_json(status, wait, parts.extensions.get(), number);
        return Response::from_parts(parts, body.into());
    }
    let number = Some(number.to_string());
    let problem = match (status, wait) {
        (StatusCode::FORBIDDEN, _) if let Some(forbidden) = parts.extensions.get() => {
            Problem { number, ..Problem::forbidden(forbidden) }
        }
        (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) => Problem { number, ..Problem::too_many(seconds) },
        _ => Problem::of(status.as_u16(), number),
    };
    let back = parts.extensions.get().map(|ReturnTo(page)| page.clone());
    let problem = Problem { back, ..problem };
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    Response::from_parts(parts, problem_page(status.as_u16(), problem).into())
}

/// Gives a request up that takes too long: a slow body, or a handler that waits for something.
pub(super) async fn deadline(request: Request, next: Next) -> Response {
    if Page::parse(request.uri().path()).is_some_and(|page| page.is_stream()) {
        return next.run(request).await;
    }
    tokio::time::timeout(DEADLINE, next.run(request)).await.unwrap_or_else(|_| {
        tracing::error!("no answer within {} s", DEADLINE.as_secs());
        Refused::Status(StatusCode::GATEWAY_TIMEOUT).into_response()
    })
}

/// What a panic leaves: its text is in the log (see [`super::log_panics`]).
pub(super) fn after_panic(_: Box<dyn std::any::Any + Send>) -> Response {
    Refused::INTERNAL.into_response()
}
