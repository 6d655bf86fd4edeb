//! What the token says, and what the issuer says besides (OpenID Connect Core 1.0, sections 3.1.3.7 and 5.3).

use super::{AS_IS, Case, TEN_MEGABYTES, TRUSTED, case, claim, no_claim, redirect};
use innkeeper_tests::issuer::{Body, Play, Signature, now};
use serde_json::{Value, json};

/// Claims of the standard of which nothing is made.
const UNUSED: [&str; 27] = [
    "acr",
    "address",
    "amr",
    "at_hash",
    "birthdate",
    "birthday",
    "c_hash",
    "family_name",
    "gender",
    "given_name",
    "given_name#ja-Kana-JP",
    "locale",
    "middle_name",
    "name#de",
    "email#de",
    "nickname",
    "phone_number",
    "phone_number_verified",
    "picture",
    "picture#de",
    "preferred_username",
    "profile",
    "sub#de",
    "updated_at",
    "website",
    "zoneinfo",
    "jti",
];

/// All of them are this, in the token and besides.
fn unused(play: &mut Play, value: &Value) {
    for name in UNUSED {
        claim(play, name, value.clone());
        play.userinfo.document()[name] = value.clone();
    }
    // Whom it names besides means something in a token only.
    for name in ["iss", "aud", "azp", "exp", "iat", "auth_time", "nonce", "nbf"] {
        play.userinfo.document()[name] = value.clone();
    }
}

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
    case("made-by-nobody", "form", |p, _| no_claim(p, "iss"), AS_IS).of("iss"),
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
    // As Zitadel makes them, for the project and each client of it.
    case(
        "made-for-a-project",
        "audience",
        |p, _| claim(p, "aud", json!(["portal", TRUSTED[0], TRUSTED[1], "another"])),
        |p, _| {
            claim(p, "aud", json!(["portal", TRUSTED[0], TRUSTED[1]]));
            claim(p, "azp", "portal");
        },
    ),
    case(
        "made-for-the-project-alone",
        "audience",
        |p, _| claim(p, "aud", TRUSTED[0]),
        |p, _| claim(p, "aud", json!([TRUSTED[0], "portal"])),
    ),
    case(
        "given-to-the-project",
        "audience",
        |p, _| {
            claim(p, "aud", json!(["portal", TRUSTED[0]]));
            claim(p, "azp", TRUSTED[0]);
        },
        |p, _| {
            claim(p, "aud", json!(["portal", TRUSTED[0]]));
            claim(p, "azp", "portal");
        },
    ),
    case("made-for-nobody", "audience", |p, _| no_claim(p, "aud"), AS_IS),
    case("made-for-an-empty-list", "audience", |p, _| claim(p, "aud", json!([])), AS_IS),
    case("given-to-another", "audience", |p, _| claim(p, "azp", "another"), |p, _| claim(p, "azp", "portal")),
    case("expired", "time", |p, _| claim(p, "exp", now() - 120), |p, _| claim(p, "exp", now() - 30)),
    case("without-an-end", "form", |p, _| no_claim(p, "exp"), AS_IS).of("exp"),
    case("not-yet-valid", "time", |p, _| claim(p, "nbf", now() + 120), |p, _| claim(p, "nbf", now() + 30)),
    case("valid-from-some-time", "time", |p, _| claim(p, "nbf", "soon"), |p, _| claim(p, "nbf", now())),
    case("made-tomorrow", "time", |p, _| claim(p, "iat", now() + 86_400), |p, _| claim(p, "iat", now() + 30)),
    case(
        "made-yesterday",
        "time",
        |p, _| claim(p, "iat", now() - 86_400),
        |p, _| claim(p, "iat", now() - 300),
    ),
    case("made-at-no-time", "form", |p, _| no_claim(p, "iat"), AS_IS).of("iat"),
    case("for-another-sign-in", "nonce", |p, _| claim(p, "nonce", "another"), AS_IS),
    case("for-any-sign-in", "nonce", |p, _| no_claim(p, "nonce"), AS_IS),
    case("of-nobody", "form", |p, _| no_claim(p, "sub"), AS_IS).of("sub"),
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
    )
    .of("sub"),
    case("userinfo-refused", "form", |p, _| p.userinfo.status = 403, AS_IS),
    case("userinfo-broken-down", "unreachable", |p, _| p.userinfo.status = 503, AS_IS),
    case("userinfo-elsewhere", "form", |p, _| p.userinfo = redirect("/other/userinfo"), AS_IS),
    case(
        "userinfo-of-ten-megabytes",
        "form",
        |p, _| p.userinfo.body = Body::Padded(TEN_MEGABYTES, p.userinfo.document().clone()),
        AS_IS,
    ),
    case(
        "userinfo-signed-by-a-stranger",
        "signature",
        |p, _| p.sign_userinfo(Signature::Stranger, json!("portal")),
        |p, _| p.sign_userinfo(Signature::Rsa, json!("portal")),
    ),
    case(
        "userinfo-for-another",
        "audience",
        |p, _| p.sign_userinfo(Signature::Rsa, json!(["portal", "another"])),
        |p, _| p.sign_userinfo(Signature::Rsa, json!(["portal", TRUSTED[0]])),
    ),
    // What is used has to have its form; what is not used may have any.
    case("name-of-numbers", "form", |p, _| claim(p, "name", 7), |p, _| unused(p, &json!(7))).of("name"),
    case("email-of-truth", "form", |p, _| claim(p, "email", true), |p, _| unused(p, &json!(true)))
        .of("email"),
    case("email-in-a-list", "form", |p, _| claim(p, "email", json!(["a"])), |p, _| unused(p, &json!(["a"])))
        .of("email"),
    case(
        "verified-by-words",
        "form",
        |p, _| claim(p, "email_verified", "yes"),
        |p, _| unused(p, &json!("yes")),
    )
    .of("email_verified"),
    case(
        "verified-by-more",
        "form",
        |p, _| claim(p, "email_verified", json!({})),
        |p, _| unused(p, &json!({"a": 1})),
    )
    .of("email_verified"),
    case(
        "signed-in-on-a-date",
        "form",
        |p, _| claim(p, "auth_time", "2026-11-30T12:00:00.123Z"),
        // As Auth0 says it.
        |p, _| unused(p, &json!("2026-11-30T12:00:00.123Z")),
    )
    .of("auth_time"),
    case(
        "expires-on-a-date",
        "form",
        |p, _| claim(p, "exp", "2036-11-30T12:00:00Z"),
        |p, _| unused(p, &json!(1e300)),
    )
    .of("exp"),
    case("azp-of-numbers", "form", |p, _| claim(p, "azp", 7), |p, _| unused(p, &Value::Null)).of("azp"),
    case("made-for-a-number", "form", |p, _| claim(p, "aud", 7), AS_IS).of("aud"),
    case("made-by-a-word", "form", |p, _| claim(p, "iss", "issuer"), AS_IS).of("iss"),
    case("made-on-a-date", "form", |p, _| claim(p, "iat", "2026-11-30T12:00:00Z"), AS_IS).of("iat"),
    case("nonce-of-numbers", "form", |p, _| claim(p, "nonce", 7), AS_IS).of("nonce"),
    case(
        "userinfo-email-of-numbers",
        "form",
        |p, _| p.userinfo.document()["email"] = 7.into(),
        |p, _| {
            unused(p, &json!(false));
            p.sign_userinfo(Signature::Rsa, json!("portal"));
        },
    )
    .of("email"),
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
