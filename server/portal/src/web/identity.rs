//! To a provider of identity, and back from it.

use super::{
    AppState,
    context::{RequestCx, WAY},
    form_body,
    fresh_id::fresh_id,
    press,
    problem::{Problem, answer, see_other},
};
use axum::{
    extract::{Path, RawForm, State},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderValue, Uri, header};
use innkeeper_app::web::{BrowserSession as _, Cx};
use innkeeper_domain::{
    identity::{ProviderId, Reason},
    routes::{Page, with_query},
};
use innkeeper_service::{
    Error,
    context::requester::Via,
    sign_in::oidc::{self, Answered, Purpose},
};

/// GET /sign-in/{provider}: sends the browser there. By a link, since the policy of the portal's pages lets no form lead
/// elsewhere.
pub(super) async fn leave(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    RequestCx { mut cx, browser }: RequestCx,
) -> Result<Response, Problem> {
    let return_to = cx.asked("return");
    // An issuer that a customer named may answer at once with whom it likes: nobody is led there but from a page of ours.
    let own = ProviderId::parse(&provider).is_ok_and(|id| id.is_own());
    if own && !has_ticket(&cx, &provider) {
        let page = Page::SignIn.with("way", &provider);
        return Ok(see_other(if return_to.is_empty() { page } else { page.with("return", &return_to) }));
    }
    let purpose = match cx.asked("for").as_str() {
        "" => Purpose::SignIn,
        "fresh" => Purpose::Fresh,
        "link" if has_ticket(&cx, &provider) => Purpose::Link,
        "trial" if has_ticket(&cx, &provider) => Purpose::Trial,
        "own" if has_ticket(&cx, &provider) => Purpose::Own,
        _ => return Err(Problem::NOT_FOUND),
    };
    if cx.requester.known_session().is_none() {
        browser.keep_token(&fresh_id()).await?;
        if let Via::Browser(asking) = &mut cx.requester.via {
            asking.session = browser.id().await?;
        }
    }
    match oidc::leave(&state.service, &cx.requester, &provider, purpose, &return_to).await {
        Ok(address) => Ok(Redirect::to(&address).into_response()),
        Err(Error::NotVouched(refusal)) => Ok(back(&provider, refusal.reason, &return_to)),
        Err(error) => Ok(answer(error, &return_to)),
    }
}

/// GET /sign-in/{provider}/callback: takes what the browser brings back. Reloaded, it is answered as before.
pub(super) async fn callback(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    uri: Uri,
    request: RequestCx,
) -> Result<Response, Problem> {
    let asked = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let given = state.clone();
    press::once(&state, request, press::hash(&asked, &[]), move |request| take(given, provider, request))
        .await
}

async fn take(
    state: AppState,
    provider: String,
    RequestCx { cx, browser }: RequestCx,
) -> Result<Response, Problem> {
    let service = &state.service;
    let entered = async {
        let vouched = match oidc::answer(service, &cx.requester, &provider, &cx.query).await? {
            Answered::Vouched(vouched) => *vouched,
            Answered::Tried(path) | Answered::Owned(path, None) => return Ok((path, false)),
            Answered::Owned(path, Some(reason)) => {
                return Ok((with_query(&path, "github", reason.code()), false));
            }
        };
        if vouched.is_link() {
            return Ok((oidc::link(service, &cx.requester, vouched).await?, false));
        }
        let id_hash = browser.renew().await.map_err(|_| Error::Conflict)?;
        Ok((oidc::enter(service, &cx.requester, vouched, &id_hash).await?, true))
    };
    match entered.await {
        Ok((path, came_in)) => {
            let mut answer = see_other(&path);
            if came_in {
                answer.headers_mut().append(header::SET_COOKIE, remembered(&provider, state.site.https()));
            }
            Ok(answer)
        }
        Err(Error::NotVouched(refusal)) => Ok(back(&provider, refusal.reason, "")),
        Err(Error::Conflict) => Ok(back(&provider, Reason::State, "")),
        Err(error) => Ok(answer(error, &Page::Landing.to_string())),
    }
}

/// GET /sign-in/{provider}/out: sends a browser that has signed out here there, to sign out as well.
pub(super) async fn out(
    State(state): State<AppState>,
    Path(provider): Path<String>,
) -> Result<Response, Problem> {
    match oidc::way_out(&state.service, &provider).await {
        Ok(Some(address)) => Ok(Redirect::to(&address).into_response()),
        Ok(None) => Err(Problem::NOT_FOUND),
        Err(Error::NotVouched(refusal)) => Ok(back(&provider, refusal.reason, "")),
        Err(error) => Err(error.into()),
    }
}

/// POST /sign-in/{provider}/back-channel: a provider says that somebody has signed out there (OpenID Connect Back-Channel
/// Logout 1.0, section 2.7). Its signature is the proof; it has no session here.
pub(super) async fn back_channel(
    State(state): State<AppState>,
    Path(provider): Path<String>,
    RequestCx { cx, .. }: RequestCx,
    RawForm(body): RawForm,
) -> Result<Response, Problem> {
    let message = form_body::field(&body, "logout_token").ok_or(Problem::BAD_REQUEST)?;
    match oidc::signed_out(&state.service, &cx.requester, &provider, &message).await {
        Ok(_) => Ok([(header::CACHE_CONTROL, "no-store")].into_response()),
        Err(Error::NotVouched(_)) => Err(Problem::BAD_REQUEST),
        Err(error) => Err(error.into()),
    }
}

/// For a year: which way comes first on this browser's sign-in page.
fn remembered(provider: &str, https: bool) -> HeaderValue {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!("{WAY}={provider}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).expect("a provider's short name is fit for a header")
}

/// Whether the link comes from a page of this session.
fn has_ticket(cx: &Cx, provider: &str) -> bool {
    // Hashes compare in constant time.
    let hash = |text: &str| blake3::hash(text.as_bytes());
    cx.csrf.get().is_some_and(|csrf| hash(&oidc::ticket(csrf, provider)) == hash(&cx.asked("ticket")))
}

/// To the sign-in page, with the reason for it to tell.
fn back(provider: &str, reason: Reason, return_to: &str) -> Response {
    let page = Page::SignIn.with("provider", provider).with("reason", reason.code());
    see_other(if return_to.is_empty() { page } else { page.with("return", return_to) })
}
