//! What the token says, and what the issuer says besides (OpenID Connect Core 1.0, sections 3.1.3.7 and 5.3).

use super::{AS_IS, Case, TEN_MEGABYTES, case, claim, no_claim, redirect};
use innkeeper_tests::issuer::{Body, now};
use serde_json::json;

pub const CASES: &[Case] = &[
    // The claims.
    case("made-by-another", "issuer", |p, _| claim(p, "iss", "https://issuer.example"), AS_IS),
    case(
        "made-with-a-slash",
        "issuer",
        |p, _| {
            let i = format!("{}/", p.issuer);
            claim(p, "iss", i);
        },
        AS_IS,
    ),
    case("made-by-nobody", "form", |p, _| no_claim(p, "iss"), AS_IS),
    case(
        "made-for-another",
        "audience",
        |p, _| claim(p, "aud", "another"),
        |p, _| claim(p, "aud", json!(["portal"])),
    ),
    case(
        "made-for-two",
        "audience",
        |p, _| claim(p, "aud", json!(["portal", "another"])),
        |p, _| claim(p, "aud", json!(["portal"])),
    ),
    case("made-for-nobody", "audience", |p, _| no_claim(p, "aud"), AS_IS),
    case("made-for-an-empty-list", "audience", |p, _| claim(p, "aud", json!([])), AS_IS),
    case("given-to-another", "audience", |p, _| claim(p, "azp", "another"), |p, _| claim(p, "azp", "portal")),
    case("expired", "time", |p, _| claim(p, "exp", now() - 120), |p, _| claim(p, "exp", now() - 30)),
    case("without-an-end", "form", |p, _| no_claim(p, "exp"), AS_IS),
    case("not-yet-valid", "time", |p, _| claim(p, "nbf", now() + 120), |p, _| claim(p, "nbf", now() + 30)),
    case("valid-from-some-time", "time", |p, _| claim(p, "nbf", "soon"), |p, _| claim(p, "nbf", now())),
    case("made-tomorrow", "time", |p, _| claim(p, "iat", now() + 86_400), |p, _| claim(p, "iat", now() + 30)),
    case(
        "made-yesterday",
        "time",
        |p, _| claim(p, "iat", now() - 86_400),
        |p, _| claim(p, "iat", now() - 300),
    ),
    case("made-at-no-time", "form", |p, _| no_claim(p, "iat"), AS_IS),
    case("for-another-sign-in", "nonce", |p, _| claim(p, "nonce", "another"), AS_IS),
    case("for-any-sign-in", "nonce", |p, _| no_claim(p, "nonce"), AS_IS),
    case("of-nobody", "form", |p, _| no_claim(p, "sub"), AS_IS),
    case(
        "of-an-empty-name",
        "subject",
        |p, _| {
            claim(p, "sub", "");
            p.userinfo.document()["sub"] = "".into();
        },
        AS_IS,
    ),
    case(
        "of-a-long-name",
        "subject",
        |p, _| {
            claim(p, "sub", "x".repeat(256));
            p.userinfo.document()["sub"] = "x".repeat(256).into();
        },
        |p, _| {
            claim(p, "sub", "x".repeat(255));
            p.userinfo.document()["sub"] = "x".repeat(255).into();
        },
    ),
    case(
        "of-an-unprintable-name",
        "subject",
        |p, _| {
            claim(p, "sub", "ja\u{0}ne");
            p.userinfo.document()["sub"] = "ja\u{0}ne".into();
        },
        AS_IS,
    ),
    // What it says besides.
    case("userinfo-of-another", "subject", |p, _| p.userinfo.document()["sub"] = "joe".into(), AS_IS),
    case(
        "userinfo-of-nobody",
        "form",
        |p, _| {
            p.userinfo.document().as_object_mut().unwrap().remove("sub");
        },
        AS_IS,
    ),
    case("userinfo-refused", "form", |p, _| p.userinfo.status = 403, AS_IS),
    case("userinfo-broken-down", "unreachable", |p, _| p.userinfo.status = 503, AS_IS),
    case("userinfo-elsewhere", "form", |p, _| p.userinfo = redirect("/other/userinfo"), AS_IS),
    case(
        "userinfo-of-ten-megabytes",
        "form",
        |p, _| p.userinfo.body = Body::Padded(TEN_MEGABYTES, p.userinfo.document().clone()),
        AS_IS,
    ),
    // What it says of the person.
    case(
        "address-unverified",
        "address",
        |p, _| {
            claim(p, "email_verified", false);
            p.userinfo.document()["email_verified"] = false.into();
        },
        AS_IS,
    ),
    case(
        "address-untold",
        "address",
        |p, _| {
            no_claim(p, "email");
            p.userinfo.document().as_object_mut().unwrap().remove("email");
        },
        |p, _| no_claim(p, "email"),
    ),
];
