//! The session and its cookie.

use super::portal::{Browser, state};
use crate::web::{
    AppState,
    context::RequestCx,
    problem::Problem,
    router::{finish, sessions},
};
use axum::{Router, routing::get};
use http::{StatusCode, header};
use innkeeper_service::{context::rate_limit::Limits, db::MIGRATIONS};
use sqlx::PgPool;
use uuid::Uuid;

const HERE: &str = "http://127.0.0.1:8080";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_cookie_is_as_strict_as_its_site_allows(owner: PgPool) {
    for (site, name, secure) in
        [(HERE, "innkeeper", false), ("https://portal.example", "__Host-innkeeper", true)]
    {
        let mut browser = Browser::at(&owner, site).await;
        let page = browser.get("/sign-up").await;
        let cookie = page.header("set-cookie");
        let mut parts = cookie.split("; ");
        assert!(parts.next().unwrap().starts_with(&format!("{name}=")), "{cookie}");
        let mut rest: Vec<_> = parts.collect();
        rest.sort_unstable();
        let mut wanted = vec!["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"];
        if secure {
            wanted.push("Secure");
        }
        assert_eq!(rest, wanted, "{cookie}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn only_a_form_makes_a_session(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    for path in ["/", "/help", "/verify", "/nowhere", "/health", innkeeper_assets::url("main.css")] {
        assert!(!browser.get(path).await.headers.contains_key(header::SET_COOKIE), "{path}");
    }
    let rows = || async {
        sqlx::query_scalar::<_, i64>("select count(*) from session").fetch_one(&owner).await.unwrap()
    };
    assert_eq!(rows().await, 0);
    let token = browser.get("/sign-up").await.hidden("csrf");
    assert_eq!(rows().await, 1);
    assert_eq!(browser.get("/sign-up").await.hidden("csrf"), token);
    assert_eq!(rows().await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_cookies_value_is_not_kept(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    browser.get("/sign-up").await;
    let value = browser.cookies["innkeeper"].clone();
    let (row, hash): (String, Vec<u8>) =
        sqlx::query_as("select session::text, id_hash from session").fetch_one(&owner).await.unwrap();
    assert!(!row.contains(&value), "{row}");
    assert_eq!(hash.len(), 32);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_session_that_is_gone_does_not_come_back(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    sqlx::query("delete from session").execute(&owner).await.unwrap();
    let sent = browser.post("/do/sign-up", format!("csrf={token}&email=x")).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    assert!(browser.cookies.is_empty(), "{:?}", browser.cookies);
    for forged in ["", "x", "AAAAAAAAAAAAAAAAAAAAAA", "' or 1=1 --"] {
        browser.cookies.insert("innkeeper".into(), forged.into());
        assert_eq!(browser.get("/").await.status, StatusCode::OK, "{forged}");
    }
}

/// Two pages that do what signing in and out do with the session.
async fn with_session_pages(owner: &PgPool, site: &str) -> Browser {
    async fn renew(RequestCx { cx, .. }: RequestCx) -> Result<String, Problem> {
        Ok(hex::encode(cx.session.renew().await.map_err(|_| Problem::INTERNAL)?))
    }
    async fn end(RequestCx { cx, .. }: RequestCx) -> Result<(), Problem> {
        cx.session.end().await.map_err(|_| Problem::INTERNAL)
    }
    let state: AppState = state(owner, site, Limits::default()).await;
    // As the real router does; it also starts what renders the pages.
    leptos_axum::generate_route_list(innkeeper_app::shell::App);
    let pages = Router::new()
        .route("/renew", get(renew))
        .route("/end", get(end))
        .route("/sign-up", get(crate::web::page::page))
        .layer(sessions(&state));
    Browser::of(finish(pages, state))
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn signing_in_changes_the_cookie_and_the_token_and_keeps_the_stable_id(owner: PgPool) {
    let mut browser = with_session_pages(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    let planted = browser.cookies.clone();
    let stable =
        || async { sqlx::query_scalar::<_, Uuid>("select id from session").fetch_one(&owner).await.unwrap() };
    let before = stable().await;
    let hash = browser.get("/renew").await.text();
    assert_ne!(browser.cookies, planted);
    let row: String =
        sqlx::query_scalar("select encode(id_hash, 'hex') from session").fetch_one(&owner).await.unwrap();
    assert_eq!((row, stable().await), (hash, before));
    assert_ne!(browser.get("/sign-up").await.hidden("csrf"), token);
    // Who knew the cookie from before is nobody.
    browser.cookies = planted;
    browser.get("/sign-up").await;
    assert_ne!(stable_of(&owner, &browser).await, before);
}

async fn stable_of(owner: &PgPool, browser: &Browser) -> Uuid {
    let id: tower_sessions::session::Id = browser.cookies["innkeeper"].parse().unwrap();
    let hash = crate::web::store::hash(&id).to_vec();
    sqlx::query_scalar("select id from session where id_hash = $1").bind(hash).fetch_one(owner).await.unwrap()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn signing_out_takes_row_and_cookie_away(owner: PgPool) {
    let mut browser = with_session_pages(&owner, "https://portal.example").await;
    browser.get("/sign-up").await;
    let page = browser.get("/end").await;
    let cookie = page.header("set-cookie");
    assert!(
        cookie.contains("Max-Age=0") && cookie.contains("Path=/") && cookie.contains("Secure"),
        "{cookie}"
    );
    assert!(browser.cookies.is_empty());
    let rows: i64 = sqlx::query_scalar("select count(*) from session").fetch_one(&owner).await.unwrap();
    assert_eq!(rows, 0);
}
