//! What signs somebody in is done once for each press, however often the browser sends it; each is answered alike.

use super::{
    AppState,
    context::RequestCx,
    cookies::cookies,
    problem::{Problem, see_other},
    store,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderValue, header};
use innkeeper_domain::{backoff::Backoff, routes::Page};
use innkeeper_service::people::session::press::{self, Press, Pressed};
use std::{future::Future, time::Duration};
use tokio::time::Instant;
use tower_sessions::session::Id;
use tracing::Instrument as _;

/// First and longest pause between two looks at what becomes of the same press.
const LOOK_AGAIN: Backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(1));
/// How long somebody looks: a provider may take its time to answer.
const LOOK_FOR: Duration = Duration::from_secs(15);
/// How often a press may find that the same one was a moment faster.
const TRIES: u32 = 3;

/// The hash of all that was asked: it holds a secret that only who may come in has.
pub(super) fn hash(path_and_query: &str, body: &[u8]) -> [u8; 32] {
    let asked = [path_and_query.as_bytes(), &[0], body].concat();
    blake3::derive_key("innkeeper 2026-11-30 sign-in press", &asked)
}

/// Does the work, unless the same was asked with the same cookie within a minute and signed the browser in: then it is
/// answered as that was. The work goes on although the browser gives the answer up.
pub(super) async fn once<F>(
    state: &AppState,
    asked: RequestCx,
    hash: [u8; 32],
    work: impl FnOnce(RequestCx) -> F,
) -> Result<Response, Problem>
where
    F: Future<Output = Result<Response, Problem>> + Send + 'static,
{
    let Some(cookie) = asked.browser.presented() else { return work(asked).await };
    let press = Press { request: hash, cookie };
    let mut tries = 0;
    loop {
        if let Some(path) = repeated(state, &asked, &press).await? {
            return Ok(see_other(&path));
        }
        // Without a session there is nothing to come in by.
        if asked.cx.requester.known_session().is_none() || tries == TRIES {
            return work(asked).await;
        }
        if press::claim(&state.service, &press).await? {
            break;
        }
        tries += 1;
    }
    let (service, browser) = (state.service.clone(), asked.browser.clone());
    let work = work(asked);
    let work = async move {
        let answer = work.await;
        let path =
            answer.as_ref().ok().and_then(|answer| answer.headers().get(header::LOCATION)?.to_str().ok());
        let path = path.map_or_else(|| Page::Landing.to_string(), ToOwned::to_owned);
        let finished = press::finish(&service, &press, browser.renewed(), &path).await;
        if let Err(error) = finished {
            tracing::warn!(%error, "what became of a press is not noted; sent again, it finds nothing");
        }
        answer
    };
    tokio::spawn(work.in_current_span()).await.unwrap_or(Err(Problem::INTERNAL))
}

/// Waits for what becomes of the same press, and says where it led to, with a cookie of its own for who has none.
async fn repeated(state: &AppState, asked: &RequestCx, press: &Press) -> Result<Option<String>, Problem> {
    let (service, requester) = (&state.service, &asked.cx.requester);
    let mut backoff = LOOK_AGAIN;
    let end = Instant::now() + LOOK_FOR;
    while Instant::now() < end {
        match press::look(service, press).await? {
            Some((Pressed::CameIn { session, path }, true)) => {
                let new = asked.browser.join(session).await?;
                if press::again(service, press, &new).await? {
                    return Ok(Some(path));
                }
                // It has been signed out since.
                asked.browser.forget().await?;
                return Ok(None);
            }
            Some((Pressed::CameIn { session, path }, false))
                if requester.account.is_some() && requester.known_session() == Some(session) =>
            {
                return Ok(Some(path));
            }
            Some((Pressed::UnderWay, true)) => {
                tokio::time::sleep(backoff.pause()).await;
            }
            _ => return Ok(None),
        }
    }
    Ok(None)
}

/// A cookie that was just given up for a new one is not taken away: an answer that was on its way would take the new one.
pub(super) async fn keep_cookie(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let name = state.site.cookie();
    let given: Vec<_> = request.headers().get_all(header::COOKIE).iter().cloned().collect();
    let mut answer = next.run(request).await;
    let taken = format!("{name}=;");
    let takes = |cookie: &HeaderValue| cookie.as_bytes().starts_with(taken.as_bytes());
    if !answer.headers().get_all(header::SET_COOKIE).iter().any(takes) {
        return answer;
    }
    let Some(cookie) = presented(&given, name) else { return answer };
    match press::is_given_up(&state.service, &cookie).await {
        Ok(false) => {}
        Ok(true) => retain(answer.headers_mut(), |cookie| !takes(cookie)),
        Err(error) => tracing::warn!(%error, "cannot tell whether a cookie was given up for a new one"),
    }
    answer
}

fn retain(headers: &mut HeaderMap, stays: impl Fn(&HeaderValue) -> bool) {
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().cloned().collect();
    headers.remove(header::SET_COOKIE);
    for cookie in cookies.into_iter().filter(stays) {
        headers.append(header::SET_COOKIE, cookie);
    }
}

/// The hash of the session's cookie in these lines.
fn presented(lines: &[HeaderValue], name: &str) -> Option<[u8; 32]> {
    // Of several the last counts, as for the jar that the session is read from.
    let cookie = cookies(lines).filter(|cookie| cookie.name() == name).last()?;
    Some(store::hash(&cookie.value().parse::<Id>().ok()?))
}
