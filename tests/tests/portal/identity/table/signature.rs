//! Who signed the token, and how (RFC 7515, RFC 8725).

use super::{AS_IS, Case, by_curve, case};
use innkeeper_tests::issuer::Signature;
use serde_json::json;

pub const CASES: &[Case] = &[
    case(
        "signed-by-nobody",
        "signature",
        |p, _| {
            p.head = json!({ "alg": "none" });
            p.signature = Signature::Nobody;
        },
        AS_IS,
    ),
    case("rsa-signature-missing", "signature", |p, _| p.signature = Signature::Nobody, AS_IS),
    case(
        "signed-by-the-secret",
        "signature",
        |p, _| {
            p.head = json!({ "alg": "HS256" });
            p.signature = Signature::Secret;
        },
        AS_IS,
    ),
    case(
        "signed-by-the-public-key",
        "signature",
        |p, _| {
            p.head = json!({ "alg": "HS256", "kid": "rsa" });
            p.signature = Signature::PublicKey;
        },
        AS_IS,
    ),
    case(
        "signed-by-zeros",
        "signature",
        |p, _| {
            by_curve(p);
            p.signature = Signature::Zeros;
        },
        |p, _| by_curve(p),
    ),
    case("signed-by-a-stranger", "signature", |p, _| p.signature = Signature::Stranger, AS_IS),
    case("signature-flipped", "signature", |p, _| p.signature = Signature::Flipped, AS_IS),
    case(
        "unknown-key",
        "signature",
        |p, _| p.head["kid"] = "another".into(),
        |p, _| {
            p.head.as_object_mut().unwrap().remove("kid");
        },
    ),
    case("key-by-path", "signature", |p, _| p.head["kid"] = "../../../../dev/null".into(), AS_IS),
    case("key-by-query", "signature", |p, _| p.head["kid"] = "' or '1'='1".into(), AS_IS),
    case(
        "key-in-the-token",
        "signature",
        |p, k| {
            p.head["jwk"] = k.stranger();
            p.signature = Signature::Stranger;
        },
        |p, k| p.head["jwk"] = k.stranger(),
    ),
    case(
        "key-at-an-address",
        "signature",
        |p, _| {
            p.head["jku"] = "https://issuer.example/keys".into();
            p.signature = Signature::Stranger;
        },
        |p, _| p.head["jku"] = "https://issuer.example/keys".into(),
    ),
    case(
        "certificate-at-an-address",
        "signature",
        |p, _| {
            p.head["x5u"] = "https://issuer.example/cert".into();
            p.signature = Signature::Stranger;
        },
        |p, _| p.head["x5u"] = "https://issuer.example/cert".into(),
    ),
    case("curve-called-rsa", "signature", |p, _| p.signature = Signature::Curve, |p, _| by_curve(p)),
    case(
        "rsa-called-curve",
        "signature",
        |p, _| {
            by_curve(p);
            p.signature = Signature::Rsa;
        },
        |p, _| by_curve(p),
    ),
    case(
        "token-for-access",
        "form",
        |p, _| p.head["typ"] = "at+jwt".into(),
        |p, _| p.head["typ"] = "jwt".into(),
    ),
    case("token-of-a-logout", "form", |p, _| p.head["typ"] = "logout+jwt".into(), AS_IS),
    case(
        "critical-head",
        "form",
        |p, _| {
            p.head["crit"] = json!(["b64"]);
            p.head["b64"] = false.into();
        },
        AS_IS,
    ),
    case("nested-token", "form", |p, _| p.head["cty"] = "JWT".into(), AS_IS),
];
