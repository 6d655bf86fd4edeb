//! What the browser brings back (RFC 6749, RFC 9207), and what the code is redeemed for.

use super::{AS_IS, Case, TEN_MEGABYTES, case, redirect, untold};
use innkeeper_tests::issuer::{Answer, Body};
use serde_json::json;

pub const CASES: &[Case] = &[
    // What the browser brings back.
    case("no-state", "state", |p, _| p.bring_no("state"), AS_IS),
    case(
        "foreign-state",
        "state",
        |p, _| p.bring("state", "A23456789B23456789C23456789D23456789E23456789"),
        AS_IS,
    ),
    case(
        "state-twice",
        "answer",
        |p, _| p.callback.push(("state".into(), "x".into())),
        |p, _| p.callback.push(("more".into(), "x".into())),
    ),
    case(
        "code-twice",
        "answer",
        |p, _| p.callback.push(("code".into(), "x".into())),
        |p, _| p.callback.push(("session_state".into(), "x".into())),
    ),
    case("issuer-twice", "answer", |p, _| p.callback.push(("iss".into(), "x".into())), AS_IS),
    case("no-code", "answer", |p, _| p.bring_no("code"), AS_IS),
    case("empty-code", "answer", |p, _| p.bring("code", ""), AS_IS),
    case("denied", "declined", |p, _| p.bring("error", "access_denied"), AS_IS),
    case(
        "login-required",
        "declined",
        |p, _| {
            p.bring_no("code");
            p.bring("error", "login_required");
        },
        AS_IS,
    ),
    case("answered-by-another", "answer-issuer", |p, _| p.bring("iss", "https://issuer.example"), AS_IS),
    case(
        "answered-with-a-slash",
        "answer-issuer",
        |p, _| {
            let i = format!("{}/", p.issuer);
            p.bring("iss", &i);
        },
        AS_IS,
    ),
    case(
        "answered-by-nobody",
        "answer-issuer",
        |p, _| p.bring_no("iss"),
        |p, _| {
            untold(p, "authorization_response_iss_parameter_supported");
            p.bring_no("iss");
        },
    ),
    // The answer with the token.
    case(
        "code-refused",
        "code",
        |p, _| p.token = Answer { status: 400, ..Answer::json(json!({ "error": "invalid_grant" })) },
        AS_IS,
    ),
    case(
        "client-refused",
        "code",
        |p, _| p.token = Answer { status: 401, ..Answer::json(json!({ "error": "invalid_client" })) },
        AS_IS,
    ),
    case("token-broken-down", "unreachable", |p, _| p.token.status = 503, AS_IS),
    case("token-elsewhere", "form", |p, _| p.token = redirect("/other/token"), AS_IS),
    case("token-in-words", "form", |p, _| p.token.body = Body::Bytes(b"here you are".to_vec()), AS_IS),
    case(
        "token-of-ten-megabytes",
        "form",
        |p, _| p.token.body = Body::Padded(TEN_MEGABYTES, p.token.document().clone()),
        |p, _| p.token.body = Body::Padded(1000, p.token.document().clone()),
    ),
    case("token-cut-off", "unreachable", |p, _| p.token.body = Body::Cut(p.token.document().clone()), AS_IS),
    case(
        "no-token",
        "form",
        |p, _| {
            p.token.document().as_object_mut().unwrap().remove("id_token");
        },
        AS_IS,
    ),
    case(
        "token-of-one-part",
        "form",
        |p, _| p.token.document()["id_token"] = "eyJhbGciOiJub25lIn0".into(),
        AS_IS,
    ),
    case("token-not-of-the-standard", "form", |p, _| p.token.document()["id_token"] = 7.into(), AS_IS),
    case(
        "other-kind-of-access",
        "form",
        |p, _| {
            p.token.document().as_object_mut().unwrap().remove("access_token");
        },
        AS_IS,
    ),
];
