//! The local mailbox opens to whoever has the link that is printed when the portal starts: being on this machine is no
//! proof, since a proxy that hides where a request comes from is on it as well.

use super::{
    AppState,
    client::Client,
    context::RequestCx,
    page::page,
    problem::{Problem, see_other},
};
use axum::{
    extract::{FromRequestParts as _, Request, State},
    response::{IntoResponse as _, Response},
};
use http::header;
use innkeeper_domain::routes::Page;

/// GET /dev/mailbox: with the token the browser gets its cookie and goes on without it; else the page.
pub(super) async fn mailbox(State(state): State<AppState>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    if let Some((_, token)) = token {
        let here = Client::of(&parts, &state.site).here;
        let locked = state.mailbox.as_ref().filter(|_| here);
        let Some(cookie) = locked.and_then(|locked| locked.enter(&token, state.site.https())) else {
            return Problem::NOT_FOUND.into_response();
        };
        let mut answer = see_other(Page::Mailbox);
        answer.headers_mut().append(header::SET_COOKIE, cookie);
        return answer;
    }
    match RequestCx::from_request_parts(&mut parts, &state).await {
        Ok(cx) => page(State(state), cx, Request::from_parts(parts, body)).await.into_response(),
        Err(problem) => problem.into_response(),
    }
}
