//! What an issuer says of itself, and its keys (OpenID Connect Discovery 1.0).

use super::{AS_IS, Case, TEN_MEGABYTES, case, redirect, told, untold};
use innkeeper_tests::issuer::{Answer, Body};
use serde_json::json;

pub const CASES: &[Case] = &[
    // The description.
    case("described-as-another", "discovery", |p, _| told(p, "issuer", "https://issuer.example"), AS_IS),
    case(
        "described-with-a-slash",
        "discovery",
        |p, _| {
            let i = format!("{}/", p.issuer);
            told(p, "issuer", i);
        },
        AS_IS,
    ),
    case(
        "description-elsewhere",
        "discovery",
        |p, _| p.description = redirect("/other/.well-known/openid-configuration"),
        AS_IS,
    ),
    case("description-missing", "discovery", |p, _| p.description.status = 404, AS_IS),
    case("description-broken-down", "unreachable", |p, _| p.description.status = 503, AS_IS),
    case(
        "description-of-ten-megabytes",
        "form",
        |p, _| p.description.body = Body::Padded(TEN_MEGABYTES, p.description.document().clone()),
        |p, _| p.description.body = Body::Padded(100_000, p.description.document().clone()),
    ),
    case(
        "description-in-words",
        "form",
        |p, _| p.description.body = Body::Bytes(b"<html>Hello</html>".to_vec()),
        AS_IS,
    ),
    case(
        "description-cut-off",
        "unreachable",
        |p, _| p.description.body = Body::Cut(p.description.document().clone()),
        AS_IS,
    ),
    case("description-without-keys", "form", |p, _| untold(p, "jwks_uri"), AS_IS),
    case(
        "description-without-token",
        "discovery",
        |p, _| untold(p, "token_endpoint"),
        |p, _| untold(p, "userinfo_endpoint"),
    ),
    case("description-with-a-file", "form", |p, _| told(p, "jwks_uri", "keys.json"), AS_IS),
    case(
        "token-in-the-clear",
        "forbidden",
        |p, _| told(p, "token_endpoint", "http://192.0.2.1/token"),
        AS_IS,
    ),
    case("keys-in-the-clear", "forbidden", |p, _| told(p, "jwks_uri", "http://192.0.2.1/keys"), AS_IS),
    case(
        "userinfo-in-the-clear",
        "forbidden",
        |p, _| told(p, "userinfo_endpoint", "http://192.0.2.1/me"),
        AS_IS,
    ),
    case(
        "browser-in-the-clear",
        "forbidden",
        |p, _| told(p, "authorization_endpoint", "http://192.0.2.1/in"),
        AS_IS,
    ),
    case("token-from-a-file", "forbidden", |p, _| told(p, "token_endpoint", "file:///etc/passwd"), AS_IS),
    // The keys.
    case("keys-missing", "discovery", |p, _| p.keys.status = 404, AS_IS),
    case("keys-elsewhere", "discovery", |p, _| p.keys = redirect("/other/keys"), AS_IS),
    case("keys-in-words", "form", |p, _| p.keys.body = Body::Bytes(b"no keys today".to_vec()), AS_IS),
    case("no-keys", "signature", |p, _| p.keys = Answer::json(json!({ "keys": [] })), AS_IS),
    case(
        "keys-of-ten-megabytes",
        "form",
        |p, _| p.keys.body = Body::Padded(TEN_MEGABYTES, p.keys.document().clone()),
        AS_IS,
    ),
    case(
        "key-of-a-stranger",
        "signature",
        |p, k| p.keys = Answer::json(json!({ "keys": [k.stranger()] })),
        |p, k| {
            let stranger = k.stranger();
            let all = p.keys.document()["keys"].as_array_mut().unwrap();
            all.push(stranger);
            all.last_mut().unwrap()["kid"] = "other".into();
        },
    ),
    case("key-for-encryption", "signature", |p, _| p.keys.document()["keys"][0]["use"] = "enc".into(), AS_IS),
];
