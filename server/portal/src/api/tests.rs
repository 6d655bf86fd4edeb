use crate::web::{
    router,
    tests::portal::{Browser, Page, state},
};
use http::{Method, StatusCode};
use innkeeper_service::{
    context::rate_limit::{Limit, Limits},
    db::MIGRATIONS,
};
use serde_json::Value;
use sqlx::PgPool;

const PUBLIC: &str = "https://portal.example";

/// The problem of an answer, which has to be one, with the headers of every answer.
fn problem(asked: &str, answer: &Page, status: StatusCode) -> Value {
    assert_eq!(answer.status, status, "{asked}: {}", answer.text());
    assert_eq!(answer.header("content-type"), "application/problem+json", "{asked}");
    assert_eq!(answer.header("cache-control"), "no-store", "{asked}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{asked}");
    assert!(answer.header("strict-transport-security").starts_with("max-age"), "{asked}");
    let problem: Value = serde_json::from_slice(&answer.bytes).unwrap();
    assert_eq!(problem["type"], "about:blank", "{asked}");
    assert_eq!(problem["title"], status.canonical_reason().unwrap(), "{asked}");
    assert_eq!(problem["status"], status.as_u16(), "{asked}");
    assert!(problem["detail"].as_str().is_some_and(|detail| detail.ends_with('.')), "{asked}: {problem}");
    assert!(
        problem["instance"].as_str().is_some_and(|number| number.starts_with("ER-")),
        "{asked}: {problem}"
    );
    problem
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_does_not_exist_is_a_problem_that_a_program_can_read(owner: PgPool) {
    let portal = router(state(&owner, PUBLIC, Limits::default()).await, super::router());
    let mut program = Browser::of(portal);
    let methods = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    for path in ["/api/v1", "/api/v1/", "/api/v1/tenants", "/api/v1/tenants/shop_k3v9x2/", "/api/v2/tenants"]
    {
        for method in &methods {
            let asked = format!("{method} {path}");
            let answer = program.send(method.clone(), path, "application/json", "{}").await;
            let said = problem(&asked, &answer, StatusCode::NOT_FOUND);
            assert_eq!(said["detail"], "There is nothing at this path, or you have no access to it.");
        }
    }
    let answer = program.send(Method::TRACE, "/api/v1/tenants", "", "").await;
    problem("TRACE", &answer, StatusCode::METHOD_NOT_ALLOWED);
    assert!(!answer.header("allow").is_empty());
    assert!(program.cookies.is_empty(), "a program has no session");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn changes_are_counted_by_address_and_reads_are_not(owner: PgPool) {
    let limits = Limits { change_per_address: Limit { count: 2, seconds: 600 }, ..Limits::default() };
    let portal = router(state(&owner, PUBLIC, limits).await, super::router());
    let mut program = Browser::of(portal);
    for _ in 0..2 {
        assert_eq!(program.get("/api/v1/tenants").await.status, StatusCode::NOT_FOUND);
        assert_eq!(program.post("/api/v1/tenants", "").await.status, StatusCode::NOT_FOUND);
    }
    let answer = program.post("/api/v1/tenants", "").await;
    let said = problem("the third POST", &answer, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    assert!(said["detail"].as_str().unwrap().contains(&format!("{wait} seconds")), "{said}");
    assert_eq!(program.get("/api/v1/tenants").await.status, StatusCode::NOT_FOUND);
}
