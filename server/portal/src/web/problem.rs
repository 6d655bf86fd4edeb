use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderValue, StatusCode, header};
use innkeeper_app::web::with_query;
use innkeeper_service::Error;
use tower_sessions::session_store::Error as Stored;

/// A status that becomes a page at the edge (see [`super::edge`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    /// Just that status.
    Status(StatusCode),
    /// 429, with the seconds to wait.
    TooMany(u64),
}

impl Problem {
    pub const BAD_REQUEST: Self = Self::Status(StatusCode::BAD_REQUEST);
    pub const FORBIDDEN: Self = Self::Status(StatusCode::FORBIDDEN);
    pub const NOT_FOUND: Self = Self::Status(StatusCode::NOT_FOUND);
    pub const INTERNAL: Self = Self::Status(StatusCode::INTERNAL_SERVER_ERROR);
    pub const BUSY: Self = Self::Status(StatusCode::SERVICE_UNAVAILABLE);
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Status(status) => status.into_response(),
            Self::TooMany(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, HeaderValue::from(seconds))])
                    .into_response()
            }
        }
    }
}

impl From<tower_sessions::session::Error> for Problem {
    fn from(error: tower_sessions::session::Error) -> Self {
        tracing::error!(%error, "the session cannot be read or written");
        match error {
            tower_sessions::session::Error::Store(Stored::Backend(_)) => Self::BUSY,
            _ => Self::INTERNAL,
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Self::NOT_FOUND,
            Error::TooMany(seconds) => Self::TooMany(seconds),
            Error::Database(error) if Error::is_away(&error) => {
                tracing::error!(%error, "a request failed, since the control database is away");
                Self::BUSY
            }
            error => {
                tracing::error!(%error, "a request failed");
                Self::INTERNAL
            }
        }
    }
}

/// What to do about a use case's error where nobody stands with a form: sign in again, or a problem's page.
pub(super) fn answer(error: Error, return_to: &str) -> Response {
    match error {
        Error::StaleSignIn => sign_in(return_to),
        error => Problem::from(error).into_response(),
    }
}

/// To the sign-in, which leads back.
pub(super) fn sign_in(return_to: &str) -> Response {
    see_other(&with_query("/sign-in", "return", return_to))
}

/// 303 to a path of this portal and nowhere else (RFC 9110, section 15.4.4).
pub(super) fn see_other(path: &str) -> Response {
    if is_own(path) {
        return Redirect::to(path).into_response();
    }
    tracing::error!(path, "refused to redirect: not a path of this portal");
    Problem::INTERNAL.into_response()
}

/// Whether a browser takes this for a path of the site it is on. `//x` and `/\x` name another host to it, and it drops
/// tabs and line ends before it looks (WHATWG URL, section 4.4): no backslash and nothing unprintable anywhere.
fn is_own(path: &str) -> bool {
    let mut bytes = path.bytes();
    bytes.next() == Some(b'/')
        && bytes.next() != Some(b'/')
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// Panics are logged where they happen, in the span of their request, without a backtrace of thousands of lines.
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let what = panic.payload_as_str().unwrap_or("of an unknown kind");
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panic: {what}");
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_paths_are_redirected_to() {
        for good in ["/", "/t", "/t/shop_k3v9x2/setup", "/sign-in?return=/t/a&b=%2F%2Fevil", "/a//b"] {
            assert_eq!(see_other(good).headers()[header::LOCATION], good);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "https:evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\t//evil.example",
            "/\n/evil.example",
            "/a\r\nSet-Cookie: a=b",
            "evil.example",
            "@evil.example",
            "/a\\b",
            "/ü",
            "/a b",
            " /a",
            "?a",
            "#a",
        ] {
            let answer = see_other(bad);
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{bad:?}");
            assert!(!answer.headers().contains_key(header::LOCATION), "{bad:?}");
        }
    }

    #[test]
    fn errors_get_the_status_they_deserve() {
        assert_eq!(answer(Error::NotFound, "/").status(), StatusCode::NOT_FOUND);
        assert_eq!(answer(Error::TooMany(7), "/").headers()[header::RETRY_AFTER], "7");
        assert_eq!(answer(Error::Corrupt("x".into()), "/").status(), StatusCode::INTERNAL_SERVER_ERROR);
        let stale = answer(Error::StaleSignIn, "/t/shop_k3v9x2/handoff");
        assert_eq!(stale.headers()[header::LOCATION], "/sign-in?return=/t/shop_k3v9x2/handoff");
    }
}
