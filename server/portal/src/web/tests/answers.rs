//! What every answer has, whatever was asked.

use super::portal::{Browser, Page, state};
use crate::web::router::finish;
use axum::{Router, routing::get};
use http::{Method, StatusCode};
use innkeeper_app::shell::App;
use innkeeper_domain::routes;
use innkeeper_service::{context::rate_limit::Limits, db::MIGRATIONS};
use leptos_axum::AxumRouteListing;
use sqlx::PgPool;

const HERE: &str = "http://127.0.0.1:8080";
const PUBLIC: &str = "https://portal.example";
const FORM: &str = "application/x-www-form-urlencoded";

fn assert_headers(asked: &str, page: &Page, https: bool) {
    let policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
        connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    assert_eq!(page.header("content-security-policy"), policy, "{asked}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{asked}");
    assert_eq!(page.header("cross-origin-opener-policy"), "same-origin", "{asked}");
    assert_eq!(page.header("cross-origin-resource-policy"), "same-origin", "{asked}");
    assert!(page.header("permissions-policy").contains("camera=()"), "{asked}");
    let hsts = if https { "max-age=63072000; includeSubDomains" } else { "" };
    assert_eq!(page.header("strict-transport-security"), hsts, "{asked}");
    // The last three have no page; what is not there answers as if it had none.
    let secretive = ["/verify", "/handoff", "/dev/", "/nowhere", "/sign-up/", "/boom"];
    let missing = page.status == StatusCode::NOT_FOUND;
    let secretive = missing || secretive.iter().any(|part| asked.contains(part));
    assert_eq!(
        page.header("referrer-policy"),
        if secretive { "no-referrer" } else { "same-origin" },
        "{asked}"
    );
    let immutable = "public, max-age=31536000, immutable";
    let kept = asked.contains("/assets/") && page.status == StatusCode::OK;
    assert_eq!(page.header("cache-control"), if kept { immutable } else { "no-store" }, "{asked}");
}

/// A page of its own with a number to quote, and nothing of the machinery.
fn assert_problem(asked: &str, page: &Page, status: u16) {
    assert_eq!(page.status.as_u16(), status, "{asked}: {}", page.text());
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{asked}");
    let text = page.text();
    let number = text.split_once("ER-").unwrap_or_else(|| panic!("{asked} has no number: {text}")).1;
    assert_eq!(number.as_bytes()[4], b'-', "{asked}: {number:.12}");
    for word in ["panic", "axum", "rejection", "Error: ", "boom"] {
        assert!(!text.contains(word), "{asked} says {word}: {text}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_kind_of_answer_has_the_header_set(owner: PgPool) {
    for (site, https) in [(HERE, false), (PUBLIC, true)] {
        let mut browser = Browser::at(&owner, site).await;
        let sheet = innkeeper_assets::url("main.css");
        for path in ["/", "/sign-up", "/help", "/verify", "/health", "/ca.crt", sheet] {
            let page = browser.get(path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            assert_headers(path, &page, https);
        }
        for path in ["/t", "/t/shop_k3v9x2", "/t/shop_k3v9x2/handoff", "/sign-up/", "/favicon.ico"] {
            let page = browser.get(path).await;
            assert!(page.status.is_redirection(), "{path}: {}", page.status);
            assert!(
                page.header("location").starts_with('/') && !page.header("location").starts_with("//"),
                "{path}"
            );
            assert_headers(path, &page, https);
        }
        let long = "a".repeat(70_000);
        let refused: [(Method, &str, &str, &str, u16); 14] = [
            (Method::GET, "/nowhere", "", "", 404),
            (Method::GET, "/t/shop_k3v9x2/handoff/nowhere", "", "", 404),
            (Method::GET, "/assets/main.css", "", "", 404),
            (Method::GET, "/assets/../Cargo.toml", "", "", 404),
            (Method::GET, "/t/shop_k3v9x2/events", "", "", 404),
            (Method::GET, "/dev/mailbox", "", "", 404),
            (Method::POST, "/", FORM, "", 405),
            (Method::PUT, "/sign-up", "", "", 405),
            (Method::GET, "/do/sign-up", "", "", 405),
            (Method::TRACE, "/", "", "", 405),
            (Method::from_bytes(b"PROPFIND").unwrap(), "/nowhere", "", "", 405),
            (Method::POST, "/do/sign-up", FORM, &long, 413),
            (Method::POST, "/do/sign-up", "application/json", "{}", 415),
            (Method::POST, "/do/sign-up", FORM, "email=%FF", 400),
        ];
        for (method, path, kind, body, status) in refused {
            let asked = format!("{method} {path}");
            let page = browser.send(method, path, kind, body).await;
            assert_problem(&asked, &page, status);
            assert_headers(&asked, &page, https);
            assert_eq!(status == 405, !page.header("allow").is_empty(), "{asked}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn each_page_asks_for_a_sign_in_or_does_not_as_it_says(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let routed = leptos_axum::generate_route_list(App);
    for pattern in routed.iter().map(AxumRouteListing::path) {
        let path = pattern.replace(['{', '}'], "");
        let page = routes::Page::parse(&path).unwrap();
        let answer = browser.get(&path).await;
        let sign_in = routes::Page::SignIn.with("return", &path).to_string();
        assert_eq!(answer.header("location") == sign_in, page.needs_sign_in(), "{path}");
        let hidden = answer.status == StatusCode::NOT_FOUND;
        let mailbox = matches!(page, routes::Page::Mailbox | routes::Page::Mail(_));
        assert_eq!(hidden, page.needs_staff() || mailbox, "{path}: {}", answer.status);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_panic_is_a_page_and_tells_nothing(owner: PgPool) {
    async fn boom() -> &'static str {
        panic!("boom")
    }
    let state = state(&owner, HERE, Limits::default()).await;
    let mut browser = Browser::of(finish(Router::new().route("/boom", get(boom)), state));
    let page = browser.get("/boom").await;
    assert_problem("/boom", &page, 500);
    assert_headers("/boom", &page, false);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn without_the_control_database_there_are_pages_still(owner: PgPool) {
    let state = state(&owner, HERE, Limits::default()).await;
    state.service.pool.close().await;
    let mut browser = Browser::of(crate::web::router(state, Router::new()));
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    assert_problem("/sign-up", &browser.get("/sign-up").await, 500);
    let health = browser.get("/health").await;
    assert_eq!(health.status, StatusCode::SERVICE_UNAVAILABLE);
    let said: serde_json::Value = serde_json::from_slice(&health.bytes).unwrap();
    assert_eq!(said["status"], "down");
    assert_headers("/health", &health, false);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_are_compressed_but_not_those_with_secrets(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    browser.headers.push(("accept-encoding", "gzip".into()));
    assert_eq!(browser.get("/").await.header("content-encoding"), "gzip");
    assert_eq!(browser.get("/verify").await.header("content-encoding"), "");
    browser.headers[0].1 = "br".into();
    assert_eq!(browser.get(innkeeper_assets::url("main.css")).await.header("content-encoding"), "br");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_address_leads_elsewhere(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    for path in [
        "//evil.example/",
        "/%5cevil.example/",
        "/..//evil.example/",
        "/%09/evil.example/",
        "///evil.example///",
        "/sign-in//evil.example/",
        "/evil.example//",
        "/https:evil/",
    ] {
        let page = browser.get(path).await;
        assert!(page.header("location").is_empty(), "{path} → {}", page.header("location"));
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
    for to in
        ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/%0d%0aX:1"]
    {
        let page = browser.get(&format!("/sign-in?return={to}")).await;
        assert!(page.header("location").is_empty(), "{to}");
    }
}
