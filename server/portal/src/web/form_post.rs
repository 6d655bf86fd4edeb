use super::{
    AppState,
    context::RequestCx,
    csrf, form_body,
    fresh_id::{fresh_id, is_id},
    press,
    problem::{Problem, not_permitted, see_other, sign_in, wants_problem_json},
    rate_limit,
};
use axum::{
    body::{Bytes, to_bytes},
    extract::{RawForm, Request, State},
    response::{IntoResponse as _, Response},
};
use http::{header, request::Parts};
use innkeeper_app::web::{Cx, FormState, Refusal, Rule, SeeOther, rule};
use innkeeper_domain::routes::{Page, with_query};
use innkeeper_service::people::refused_forms;
use leptos::{
    prelude::provide_context,
    server_fn::{error::FromServerFnError as _, redirect::REDIRECT_HEADER},
};

/// Marks the answer of a server function that failed.
const FAILED: &str = leptos::server_fn::error::SERVER_FN_ERROR_HEADER;
/// No outcome is longer: a refused form is at most a body and its mistakes.
const OUTCOME_MOST: usize = 1024 * 1024;

/// POST /do/*: every change by a page. Leptos only decodes and runs the function; the answer is made here.
pub(super) async fn form_post(
    State(state): State<AppState>,
    request: RequestCx,
    parts: Parts,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    rate_limit::count(&request).await?;
    if rule(parts.uri.path()).is_some_and(Rule::signs_in) {
        let hash = press::hash(parts.uri.path(), &body);
        let given = state.clone();
        return press::once(&state, request, hash, move |request| perform(given, request, parts, body)).await;
    }
    perform(state, request, parts, body).await
}

async fn perform(
    state: AppState,
    request: RequestCx,
    mut parts: Parts,
    body: Bytes,
) -> Result<Response, Problem> {
    let rule = rule(parts.uri.path()).ok_or(Problem::NOT_FOUND)?;
    if request.cx.requester.account.is_none() && !rule.is_for_anyone() {
        return Ok(see_other(Page::SignIn));
    }
    csrf::check(&request, &body)?;
    let form = form_body::field(&body, "form").filter(|id| is_id(id)).unwrap_or_else(fresh_id);
    let sent = Sent { form, action: parts.uri.path().to_owned(), json: wants_problem_json(&parts.headers) };
    // By these leptos would answer in its own way.
    parts.headers.remove(header::ACCEPT);
    parts.headers.remove(header::REFERER);
    let given = request.cx.clone();
    let provide = move || provide_context(given.clone());
    let answer =
        leptos_axum::handle_server_fns_with_context(provide, Request::from_parts(parts, body.into()));
    let answer = answer.await.into_response();
    let failed = answer.headers().contains_key(FAILED);
    if answer.headers().contains_key(REDIRECT_HEADER) {
        tracing::error!("a server function redirects by itself; it has to return SeeOther");
        return Err(Problem::INTERNAL);
    }
    let outcome = to_bytes(answer.into_body(), OUTCOME_MOST).await.map_err(|error| {
        tracing::error!(%error, "the outcome of a server function cannot be read");
        Problem::INTERNAL
    })?;
    if failed {
        return refuse(&state, &request.cx, sent, Refusal::de(outcome)).await;
    }
    match serde_json::from_slice(&outcome) {
        Ok(SeeOther(path)) => Ok(see_other(&path)),
        Err(error) => {
            tracing::error!(%error, "a server function returned something else than SeeOther");
            Err(Problem::INTERNAL)
        }
    }
}

/// What was sent.
struct Sent {
    /// The form's id.
    form: String,
    /// The path that it was sent to.
    action: String,
    /// Whether a program sent it, which reads problem+json instead of the form.
    json: bool,
}

async fn refuse(state: &AppState, cx: &Cx, sent: Sent, refusal: Refusal) -> Result<Response, Problem> {
    Err(match refusal {
        Refusal::Rejected { mistakes, .. } if sent.json => Problem::Rejected(mistakes),
        Refusal::Rejected { page, action, values, mistakes } => {
            let session = cx.requester.known_session().ok_or(Problem::FORBIDDEN)?;
            let action = action.unwrap_or(sent.action);
            let kept = FormState { id: sent.form, action, values, mistakes };
            let data = serde_json::to_value(&kept).map_err(|error| {
                tracing::error!(%error, "a refused form cannot be kept");
                Problem::INTERNAL
            })?;
            refused_forms::keep(&state.service, session, &kept.id, &data).await?;
            return Ok(see_other(with_query(&page, "form", &kept.id)));
        }
        Refusal::StaleSignIn { return_to } => return Ok(sign_in(&return_to)),
        // Its text quotes what was typed: not logged.
        Refusal::Malformed(_) => Problem::BAD_REQUEST,
        Refusal::Forbidden(forbidden) => return Ok(not_permitted(forbidden)),
        Refusal::NotFound => Problem::NOT_FOUND,
        Refusal::Conflict { return_to } => Problem::Conflict(return_to),
        Refusal::Away => Problem::BUSY,
        Refusal::TooMany(seconds) => Problem::TooMany(seconds),
        Refusal::Internal => Problem::INTERNAL,
    })
}
