//! The context of a request, made here and nowhere else.

use super::{
    AppState, browser_session::Browser, client::Client, cookies::cookie, fresh_id::fresh_id, problem::Problem,
};
use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use innkeeper_app::web::{Cx, Theme};
use innkeeper_domain::identity::ProviderId;
use innkeeper_service::{context::requester::Via, people::session};
use std::sync::{Arc, Mutex, OnceLock};
use tower_sessions::Session;

/// The cookie with the provider by which somebody last signed in here.
pub(super) const WAY: &str = "way";

/// What every handler of people's requests gets.
pub(super) struct RequestCx {
    /// For pages and server functions.
    pub cx: Cx,
    /// For the handlers themselves.
    pub browser: Browser,
}

impl FromRequestParts<AppState> for RequestCx {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let session = Session::from_request_parts(parts, state)
            .await
            .map_err(|rejection| Problem::Status(rejection.0))?;
        let browser = Browser::new(session, state.clone());
        let client = Client::of(parts, &state.site);
        let hash = browser.presented();
        let presented = browser.id().await?.zip(hash.as_ref().map(<[u8; 32]>::as_slice));
        let mut requester = session::requester(&state.service, presented, client.address).await?;
        if requester.known_session().is_none() && browser.id().await?.is_some() {
            // It has just ended: what it carried, the token of its forms too, goes with it.
            browser.forget().await?;
        }
        if let Via::Browser(browser) = &mut requester.via {
            browser.agent = agent(&parts.headers);
        }
        let local = state.mailbox.as_ref().filter(|_| client.here);
        let csrf = OnceLock::new();
        if let Some(token) = browser.token().await? {
            // It is new, so that nothing can stand in it.
            let _ = csrf.set(token);
        }
        let query =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let cx = Cx {
            service: state.service.clone(),
            requester,
            session: Arc::new(browser.clone()),
            mailbox: local.and_then(|locked| locked.open(&parts.headers)),
            keeps_mails: local.is_some(),
            csrf: Arc::new(csrf),
            form: None,
            flash: None,
            theme: cookie(&parts.headers, "theme").as_deref().map_or_else(Theme::default, Theme::parse),
            way: cookie(&parts.headers, WAY).filter(|way| ProviderId::parse(way).is_ok()),
            path: parts.uri.path().to_owned(),
            query: Arc::new(query),
            end: Arc::new(Mutex::new(None)),
            fresh_id,
        };
        Ok(Self { cx, browser })
    }
}

/// What the browser calls itself, cut where no browser's name goes on.
fn agent(headers: &HeaderMap) -> Option<String> {
    let name = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(name.chars().take(200).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_theme_stands_in_its_cookie() {
        let of = |line: &'static str| {
            let headers = [(header::COOKIE, line.parse().unwrap())].into_iter().collect();
            cookie(&headers, "theme").as_deref().map_or_else(Theme::default, Theme::parse)
        };
        assert_eq!(of("a=b; theme=dark"), Theme::Dark);
        assert_eq!(of("theme=light; theme=dark"), Theme::Light);
        assert_eq!(of("theme=\"><script>"), Theme::System);
        assert_eq!(of("a=b"), Theme::System);
    }
}
