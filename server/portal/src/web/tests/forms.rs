//! A change as a browser makes it, and as others try to.

use super::portal::{Browser, state};
use axum::Router;
use http::{Method, StatusCode};
use innkeeper_app::web::rules;
use innkeeper_service::{
    context::rate_limit::{Limit, Limits},
    db::MIGRATIONS,
};
use sqlx::PgPool;

const HERE: &str = "http://127.0.0.1:8080";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn mistakes_come_back_once_with_what_was_typed(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    let sent = browser.post("/do/sign-up", format!("csrf={token}&email=no+\"address")).await;
    assert_eq!((sent.status, sent.bytes.len()), (StatusCode::SEE_OTHER, 0));
    let back = sent.header("location").to_owned();
    assert!(back.starts_with("/sign-up?form="), "{back}");
    let headed = browser.send(Method::HEAD, &back, "", "").await;
    assert_eq!((headed.status, headed.bytes.len()), (StatusCode::OK, 0));
    let page = browser.get(&back).await;
    assert!(page.text().contains("no &quot;address"), "{}", page.text());
    assert!(page.text().contains("aria-invalid=\"true\""));
    assert_eq!(page.hidden("csrf"), token);
    let again = browser.get(&back).await;
    assert!(!again.text().contains("aria-invalid"), "shown twice");
    let mut other = Browser::at(&owner, HERE).await;
    assert!(!other.get(&back).await.text().contains("aria-invalid"), "shown to another browser");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_form_is_shown_by_the_form_of_its_action_alone(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    for (other, shown) in [("/sign-in", false), ("/sign-up", true)] {
        let sent = browser.post("/do/sign-up", format!("csrf={token}&email=x")).await;
        let query = sent.header("location").split_once('?').unwrap().1.to_owned();
        // Both pages have a field of this name.
        let page = browser.get(&format!("{other}?{query}")).await;
        assert!(page.text().contains("name=\"email\""), "{}", page.text());
        assert_eq!(page.text().contains("aria-invalid"), shown, "{other}: {}", page.text());
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_program_is_told_which_field_is_refused_and_why(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    browser.headers = vec![("accept", "application/problem+json, */*;q=0.1".into())];
    let sent = browser.post("/do/sign-up", format!("csrf={token}&email=x")).await;
    assert_eq!(sent.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", sent.text());
    assert_eq!(sent.header("content-type"), "application/problem+json");
    let said: serde_json::Value = serde_json::from_slice(&sent.bytes).unwrap();
    let detail = "This is not an e-mail address. Use the form jane@acme.example.";
    let error = serde_json::json!({ "field": "email", "code": "invalid_email", "detail": detail });
    assert_eq!((&said["status"], &said["errors"]), (&422.into(), &serde_json::json!([error])));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_has_changed_meanwhile_is_a_conflict_with_a_way_back(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    // As when PostgreSQL ends one of two changes that wait for each other.
    let deadlock = "create function ended() returns trigger language plpgsql as
        $$ begin raise exception 'deadlock detected' using errcode = '40P01'; end $$;
        create trigger ended before insert on challenge for each row execute function ended()";
    sqlx::raw_sql(deadlock).execute(&owner).await.unwrap();
    let body = format!("csrf={token}&email=jane@acme.example");
    let page = browser.post("/do/sign-up", body.clone()).await;
    assert_eq!(page.status, StatusCode::CONFLICT, "{}", page.text());
    assert!(page.text().contains("This has changed since you opened it"), "{}", page.text());
    assert!(
        page.text().contains("href=\"/sign-up\" class=\"btn btn-primary\">Go back</a>"),
        "{}",
        page.text()
    );
    browser.headers = vec![("accept", "application/problem+json".into())];
    let sent = browser.post("/do/sign-up", body).await;
    assert_eq!(
        (sent.status, sent.header("content-type")),
        (StatusCode::CONFLICT, "application/problem+json")
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_good_form_leads_on_whatever_the_browser_accepts(owner: PgPool) {
    for accept in ["", "*/*", "text/html", "application/json"] {
        let mut browser = Browser::at(&owner, HERE).await;
        let token = browser.get("/sign-up").await.hidden("csrf");
        browser.headers = vec![("accept", accept.into()), ("referer", "http://evil.example/".into())];
        let sent =
            browser.post("/do/sign-up", format!("csrf={token}&email=jane@acme.example&unknown=1")).await;
        assert_eq!((sent.status, sent.bytes.len()), (StatusCode::SEE_OTHER, 0), "{accept}: {}", sent.text());
        assert_eq!(sent.header("location"), "/verify", "{accept}");
        assert!(!sent.headers.contains_key("serverfnredirect"));
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_needs_the_token_of_its_own_session(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    let mut other = Browser::at(&owner, HERE).await;
    let theirs = other.get("/sign-up").await.hidden("csrf");
    assert_ne!(token, theirs);
    for wrong in ["", "csrf=", "csrf=x", &format!("csrf={theirs}"), &format!("csrf={theirs}&csrf={token}")] {
        let sent = browser.post("/do/sign-up", format!("email=jane@acme.example&{wrong}")).await;
        assert_eq!(sent.status, StatusCode::FORBIDDEN, "{wrong}");
    }
    let mut without = Browser::at(&owner, HERE).await;
    let sent = without.post("/do/sign-up", format!("csrf={token}&email=jane@acme.example")).await;
    assert_eq!(sent.status, StatusCode::FORBIDDEN);
    let mails: i64 = sqlx::query_scalar("select count(*) from outbox").fetch_one(&owner).await.unwrap();
    assert_eq!(mails, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_change_from_another_site_is_refused(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    let body = format!("csrf={token}&email=jane@acme.example");
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://portal.example.evil.example"),
    ] {
        browser.headers = vec![(name, value.into())];
        for path in rules().map(|rule| rule.path) {
            assert_eq!(
                browser.post(path, body.clone()).await.status,
                StatusCode::FORBIDDEN,
                "{name}: {value} {path}"
            );
        }
        let bundle = browser.post("/t/shop_k3v9x2/handoff/bundle", body.clone()).await;
        assert_eq!(bundle.status, StatusCode::FORBIDDEN);
    }
    for (name, value) in
        [("sec-fetch-site", "same-origin"), ("origin", HERE), ("origin", "http://portal.example")]
    {
        browser.headers = vec![(name, value.into())];
        assert_eq!(
            browser.post("/do/sign-up", body.clone()).await.status,
            StatusCode::SEE_OTHER,
            "{name}: {value}"
        );
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn strangers_are_led_to_the_sign_in(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    for path in rules().filter(|rule| !rule.is_for_anyone()).map(|rule| rule.path) {
        let sent = browser.post(path, format!("csrf={token}&name=shop_k3v9x2")).await;
        assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path}");
        assert!(sent.header("location").starts_with("/sign-in"), "{path}: {}", sent.header("location"));
    }
    let bundle = browser.post("/t/shop_k3v9x2/handoff/bundle", format!("csrf={token}")).await;
    assert_eq!(bundle.header("location"), "/sign-in?return=/t/shop_k3v9x2/handoff");
    for path in ["/t", "/t/shop_k3v9x2", "/t/shop_k3v9x2/handoff", "/sign-up/database"] {
        let page = browser.get(path).await;
        assert_eq!(page.header("location"), format!("/sign-in?return={path}"), "{path}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_is_no_form_of_ours_is_refused(owner: PgPool) {
    let mut browser = Browser::at(&owner, HERE).await;
    let token = browser.get("/sign-up").await.hidden("csrf");
    let email = "email=jane@acme.example";
    for (path, body, status) in [
        ("/do/nothing", email, 404),
        ("/do/sign-up", "email=a&email=b", 400),
        ("/do/sign-up", "email[x]=1", 400),
        ("/do/sign-up", "email=a%00b", 400),
        ("/do/sign-up", "email=%FF", 400),
        ("/do/sign-up", "", 303),
    ] {
        let sent = browser.post(path, format!("csrf={token}&{body}")).await;
        assert_eq!(sent.status.as_u16(), status, "{path} {body}: {}", sent.text());
    }
    for kind in ["", "text/plain", "multipart/form-data; boundary=x", "application/json"] {
        let sent = browser.send(Method::POST, "/do/sign-up", kind, format!("csrf={token}&{email}")).await;
        assert_eq!(sent.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
    }
    let odd = browser.post("/do/sign-up", format!("csrf={token}&email=x&form=a%0d%0aX:1")).await;
    assert_eq!(odd.status, StatusCode::SEE_OTHER);
    assert!(!odd.headers.contains_key("x"), "{:?}", odd.headers);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn too_many_changes_from_one_address_have_to_wait(owner: PgPool) {
    let limits = Limits { change_per_address: Limit { count: 2, seconds: 600 }, ..Limits::default() };
    let mut browser = Browser::of(crate::web::router(state(&owner, HERE, limits).await, Router::new()));
    let token = browser.get("/sign-up").await.hidden("csrf");
    for _ in 0..2 {
        assert_eq!(
            browser.post("/do/sign-up", format!("csrf={token}&email=x")).await.status,
            StatusCode::SEE_OTHER
        );
    }
    let refused = browser.post("/do/sign-up", format!("csrf={token}&email=x")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=600).contains(&wait), "{wait}");
    assert!(refused.text().contains("10 minutes") && refused.text().contains("ER-"), "{}", refused.text());
    // Without a token as well, so that guessing is counted.
    let bundle = browser.post("/t/shop_k3v9x2/handoff/bundle", "csrf=x").await;
    assert_eq!(bundle.status, StatusCode::TOO_MANY_REQUESTS);
}
