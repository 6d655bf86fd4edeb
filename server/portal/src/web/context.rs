//! The context of a request, made here and nowhere else.

use super::{AppState, browser::Browser, client::Client, problem::Problem};
use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use innkeeper_adapters::system::OsRandom;
use innkeeper_app::web::{Cx, Theme};
use innkeeper_domain::{identity::ProviderId, ports::Random as _};
use innkeeper_service::session;
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
        let mut visitor = session::visitor(&state.service, browser.id().await?, client.address).await?;
        if visitor.session.is_none() && browser.id().await?.is_some() {
            // It has just ended: what it carried, the token of its forms too, goes with it.
            browser.forget().await?;
        }
        visitor.agent = agent(&parts.headers);
        let csrf = OnceLock::new();
        if let Some(token) = browser.token().await? {
            // It is new, so that nothing can stand in it.
            let _ = csrf.set(token);
        }
        let query =
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let cx = Cx {
            service: state.service.clone(),
            visitor,
            session: Arc::new(browser.clone()),
            mailbox: state.mailbox.clone().filter(|_| client.here),
            csrf: Arc::new(csrf),
            form: None,
            flash: None,
            theme: cookie(&parts.headers, "theme").map_or_else(Theme::default, Theme::parse),
            way: cookie(&parts.headers, WAY).filter(|way| ProviderId::parse(way).is_ok()).map(str::to_owned),
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

/// What the browser keeps besides its session: no secrets, and known before sign-in. The first of a name counts.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// An id for forms and their tokens: 32 hexadecimal digits, 128 bits.
pub(super) fn fresh_id() -> String {
    let mut bytes = [0; 16];
    OsRandom.fill(&mut bytes);
    hex::encode(bytes)
}

/// Whether this is such an id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_have_their_shape() {
        let ids: Vec<_> = (0..100).map(|_| fresh_id()).collect();
        assert!(ids.iter().all(|id| is_id(id)));
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
        assert!(!is_id("") && !is_id("\r\nX: 1") && !is_id(&"ä".repeat(16)));
    }

    #[test]
    fn the_theme_stands_in_its_cookie() {
        let of = |line: &'static str| {
            let headers = [(header::COOKIE, line.parse().unwrap())].into_iter().collect();
            cookie(&headers, "theme").map_or_else(Theme::default, Theme::parse)
        };
        assert_eq!(of("a=b; theme=dark"), Theme::Dark);
        assert_eq!(of("theme=light; theme=dark"), Theme::Light);
        assert_eq!(of("theme=\"><script>"), Theme::System);
        assert_eq!(of("a=b"), Theme::System);
    }
}
