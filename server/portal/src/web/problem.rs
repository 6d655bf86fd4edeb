use axum::{
    Extension,
    response::{IntoResponse, Redirect, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use innkeeper_app::web::Mistakes;
use innkeeper_domain::{routes::Page, support::SupportNumber};
use innkeeper_service::{Error, context::target::Forbidden};
use tower_sessions::session_store::Error as Stored;

/// A refusal: a status that becomes a page, or problem+json for a program, on its way out (see [`super::request_log`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// Just that status.
    Status(StatusCode),
    /// 422, with what is wrong in which field; for programs, since people see their form again.
    Rejected(Mistakes),
    /// 409, with the page that shows how it stands now, where it is known.
    Conflict(Option<String>),
    /// 429, with the seconds to wait.
    TooMany(u64),
}

/// When to try again what could not be done because too much is going on or the database is away, in seconds.
const AWAY_FOR: u64 = 5;

/// Where a page of a problem leads back to: carried with the answer until its body is made.
#[derive(Debug, Clone)]
pub(super) struct ReturnTo(pub(super) String);

impl Problem {
    pub(super) const BAD_REQUEST: Self = Self::Status(StatusCode::BAD_REQUEST);
    pub(super) const FORBIDDEN: Self = Self::Status(StatusCode::FORBIDDEN);
    /// 404, also for what is there and not to be seen.
    pub const NOT_FOUND: Self = Self::Status(StatusCode::NOT_FOUND);
    pub(super) const INTERNAL: Self = Self::Status(StatusCode::INTERNAL_SERVER_ERROR);
    /// 503, with [`AWAY_FOR`] to wait.
    pub(super) const BUSY: Self = Self::Status(StatusCode::SERVICE_UNAVAILABLE);
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        match self {
            Self::Status(StatusCode::SERVICE_UNAVAILABLE) => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, HeaderValue::from(AWAY_FOR))])
                    .into_response()
            }
            Self::Status(status) => status.into_response(),
            Self::Rejected(mistakes) => {
                (StatusCode::UNPROCESSABLE_ENTITY, Extension(mistakes)).into_response()
            }
            Self::Conflict(None) => StatusCode::CONFLICT.into_response(),
            Self::Conflict(Some(page)) => (StatusCode::CONFLICT, Extension(ReturnTo(page))).into_response(),
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
            Error::Forbidden(_) => Self::FORBIDDEN,
            Error::TooMany(seconds) => Self::TooMany(seconds),
            Error::Conflict => Self::Conflict(None),
            Error::Rejected(errors) => Self::Rejected(Mistakes::from(&errors)),
            Error::Away(error) => {
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

/// The media type of [`problem_json`].
pub(super) const PROBLEM_JSON: &str = "application/problem+json";

/// Whether the one who asks wants problem+json instead of a page.
pub(super) fn wants_problem_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
    accepted
        .flat_map(|line| line.split(','))
        .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case(PROBLEM_JSON)))
}

/// A refusal for a program (RFC 9457), with the support number as its `instance`, and what is wrong in which field as its
/// `errors`.
pub(super) fn problem_json(
    status: StatusCode,
    wait: Option<u64>,
    mistakes: Option<&Mistakes>,
    number: &SupportNumber,
) -> String {
    let detail = match (status, wait) {
        (StatusCode::NOT_FOUND, _) => "There is nothing at this path, or you have no access to it.".into(),
        (StatusCode::METHOD_NOT_ALLOWED, _) => "The header Allow names the methods of this path.".into(),
        (StatusCode::TOO_MANY_REQUESTS, Some(seconds)) => {
            format!("Too many requests. Wait {seconds} seconds, then try again.")
        }
        (StatusCode::UNPROCESSABLE_ENTITY, _) => "Some fields are not valid; see errors.".into(),
        (StatusCode::CONFLICT, _) => {
            "This has changed since you looked, or something else is being done with it. Look at how it stands now."
                .into()
        }
        (StatusCode::SERVICE_UNAVAILABLE, Some(seconds)) => {
            format!("Too much is going on, or the database is away. Try again in {seconds} seconds.")
        }
        (status, _) if status.is_server_error() => {
            "This is not the fault of your request. Try again; if it happens again, contact support and quote the instance."
                .into()
        }
        (status, _) => format!("The request was refused: {status}."),
    };
    let title = status.canonical_reason().unwrap_or("Refused");
    let mut problem = serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "instance": number.to_string(),
    });
    if let Some(mistakes) = mistakes {
        problem["errors"] = serde_json::json!(mistakes);
    }
    problem.to_string()
}

/// What to do about a use case's error where nobody stands with a form: sign in again, or a problem's page.
pub(super) fn answer(error: Error, return_to: &str) -> Response {
    match error {
        Error::StaleSignIn => sign_in(return_to),
        Error::Forbidden(forbidden) => not_permitted(forbidden),
        Error::Conflict => Problem::Conflict(Some(return_to.into())).into_response(),
        error => Problem::from(error).into_response(),
    }
}

/// 403 for a member of an organisation whose role lacks the permission; the page says who has it.
pub(super) fn not_permitted(forbidden: Forbidden) -> Response {
    let mut answer = StatusCode::FORBIDDEN.into_response();
    answer.extensions_mut().insert(forbidden);
    answer
}

/// To the sign-in, which leads back.
pub(super) fn sign_in(return_to: &str) -> Response {
    see_other(Page::SignIn.with("return", return_to))
}

/// 303 to a path of this portal and nowhere else (RFC 9110, section 15.4.4).
pub(super) fn see_other(path: impl Into<String>) -> Response {
    let path = path.into();
    if is_own(&path) {
        return Redirect::to(&path).into_response();
    }
    // Not its query, because tokens stand there.
    let path = path.split('?').next();
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
        let away = answer(sqlx::Error::PoolTimedOut.into(), "/");
        assert_eq!(
            (away.status(), &away.headers()[header::RETRY_AFTER]),
            (StatusCode::SERVICE_UNAVAILABLE, &"5".parse().unwrap())
        );
        let conflict = answer(Error::Conflict, "/o/acme");
        assert_eq!(conflict.status(), StatusCode::CONFLICT);
        assert_eq!(conflict.extensions().get::<ReturnTo>().unwrap().0, "/o/acme");
        let stale = answer(Error::StaleSignIn, "/t/shop_k3v9x2/handoff");
        assert_eq!(stale.headers()[header::LOCATION], "/sign-in?return=/t/shop_k3v9x2/handoff");
    }
}
