//! The header set of every answer.

use super::AppState;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, SET_COOKIE, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use innkeeper_app::shell::leaves_a_secret;
use innkeeper_domain::routes::Page;

/// No inline script or style anywhere, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Everything off but passkeys, for own pages. Writing to the clipboard is not named: the copy buttons do, and only after a press.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), \
    encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), \
    magnetometer=(), microphone=(), midi=(), otp-credentials=(), payment=(), picture-in-picture=(), \
    publickey-credentials-create=(self), publickey-credentials-get=(self), screen-wake-lock=(), serial=(), \
    storage-access=(), usb=(), window-management=(), xr-spatial-tracking=()";

static ALWAYS: [(HeaderName, &str); 5] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Marks an answer that may hold a secret, so that it is not compressed: its length must not depend on what somebody
/// else puts beside the secret (the BREACH attack).
#[derive(Debug, Clone, Copy)]
pub(super) struct Secretive;

/// A cookie that says nothing: Chromium forgets pages with no-store once an `HttpOnly` cookie has changed.
fn left(https: bool) -> HeaderValue {
    HeaderValue::from_static(if https {
        "__Host-left=1; Secure; HttpOnly; SameSite=Lax; Path=/; Max-Age=60"
    } else {
        "left=1; HttpOnly; SameSite=Lax; Path=/; Max-Age=60"
    })
}

/// Whether a secret may be shown on this path, or stand in its URL: so it is taken for any path that has no page.
fn is_secretive(path: &str) -> bool {
    Page::parse(path).is_none_or(|page| page.is_secret())
}

/// Sets what is missing on the way out.
pub(super) async fn security_headers(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let secret = is_secretive(request.uri().path());
    let leaves = leaves_a_secret(request.uri().path());
    let mut answer = next.run(request).await;
    // What is not there for somebody answers like what is not there at all.
    let secretive = secret || answer.status() == StatusCode::NOT_FOUND;
    let headers = answer.headers_mut();
    for (name, value) in &ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let referrer = if secretive { "no-referrer" } else { "same-origin" };
    headers.insert(REFERRER_POLICY, HeaderValue::from_static(referrer));
    if state.site.https() {
        let two_years = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.insert(STRICT_TRANSPORT_SECURITY, two_years);
    }
    // What may be kept says so itself; all else is somebody's own.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    mend_cookies(headers, state.site.https());
    if leaves {
        headers.append(SET_COOKIE, left(state.site.https()));
    }
    if secretive {
        answer.extensions_mut().insert(Secretive);
    }
    answer
}

/// The session layer takes a cookie away without the attributes that browsers demand of a name with a prefix, and
/// they would keep it.
fn mend_cookies(headers: &mut http::HeaderMap, https: bool) {
    let lacks =
        |cookie: &HeaderValue| https && !String::from_utf8_lossy(cookie.as_bytes()).contains("; Secure");
    if !headers.get_all(SET_COOKIE).iter().any(lacks) {
        return;
    }
    let cookies: Vec<_> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for cookie in cookies {
        let text =
            String::from_utf8_lossy(cookie.as_bytes()).into_owned() + "; Secure; HttpOnly; SameSite=Lax";
        let mended = if lacks(&cookie) { HeaderValue::from_str(&text).unwrap_or(cookie) } else { cookie };
        headers.append(SET_COOKIE, mended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_with_secrets_are_known_and_what_is_no_page_counts_as_one() {
        for path in [
            "/verify",
            "/verify/x",
            "/t/shop_k3v9x2/handoff/new",
            "/dev/new",
            "/api/v1/tenants",
            "/nowhere",
            "//",
            "/staff/claim",
            "/t/shop_k3v9x2/handoff",
            "/t/shop_k3v9x2/handoff/bundle",
            "/dev/mailbox/a.eml",
        ] {
            assert!(is_secretive(path), "{path}");
        }
        for path in
            ["/", "/t", "/t/handoff", "/t/shop_k3v9x2", "/t/shop_k3v9x2/setup", "/staff", "/assets/a.css"]
        {
            assert!(!is_secretive(path), "{path}");
        }
    }

    #[test]
    fn a_cookie_taken_away_keeps_the_attributes_of_its_prefix() {
        let mut headers = http::HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("__Host-innkeeper=; Path=/; Max-Age=0"));
        headers.append(SET_COOKIE, HeaderValue::from_static("a=b; Secure; Path=/"));
        mend_cookies(&mut headers, true);
        let cookies: Vec<_> =
            headers.get_all(SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
        assert_eq!(
            cookies,
            ["__Host-innkeeper=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax", "a=b; Secure; Path=/"]
        );
    }
}
