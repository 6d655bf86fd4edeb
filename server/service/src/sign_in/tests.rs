use super::*;
use crate::{
    Error,
    rate::{Limit, Limits},
    session,
    session::rows,
    testing::TestPortal,
    visitor::Visitor,
};
use futures::future::join_all;
use innkeeper_domain::{mail::Message, mistakes::Mistakes};
use serde_json::json;
use sqlx::PgPool;

const JANE: &str = "jane@acme.example";

/// Token and code of the newest mail to an address.
async fn mailed(portal: &TestPortal, to: &str) -> (String, String) {
    match portal.mails(to).await.pop() {
        Some(Message::SignIn { link, code, .. }) => {
            let token = link.strip_prefix("https://portal.example/verify?token=").unwrap();
            (token.to_owned(), code)
        }
        _ => panic!("no sign-in mail"),
    }
}

async fn asked(portal: &TestPortal, visitor: &Visitor, email: &str) -> (String, String) {
    ask(&portal.service, visitor, email, "/").await.unwrap();
    mailed(portal, email).await
}

/// A new cookie for the visitor's session, as the session store makes it; the hash under which it is kept.
async fn new_cookie(portal: &TestPortal, visitor: &Visitor, cookie: &str) -> [u8; 32] {
    let hash = rows::id_hash(cookie.as_bytes());
    let later = time::macros::datetime!(2999-01-01 0:00 UTC);
    let id = visitor.session.unwrap().0;
    assert!(rows::create(&portal.service.pool, &hash, id, &json!({}), later).await.unwrap());
    hash
}

fn mistake(error: Error, field: &str) -> String {
    match error {
        Error::Mistakes(mistakes) => mistakes.of(field).expect("a mistake beside this field").to_owned(),
        other => panic!("{other}"),
    }
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn the_link_signs_in_the_browser_that_asked_with_one_press(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let visitor = portal.stranger("203.0.113.7").await;
    let (token, _) = asked(&portal, &visitor, "Jane@ACME.example").await_as("Jane@acme.example", &portal).await;
    for _ in 0..10 {
        let email = "Jane@acme.example".to_owned();
        assert_eq!(pending(service, &visitor, &token).await.unwrap(), Pending::Press { email });
    }
    let checked = check(service, &visitor, &token, "").await.unwrap();
    let cookie = new_cookie(&portal, &visitor, "new").await;
    assert_eq!(complete(service, &visitor, checked, &cookie).await.unwrap(), "/sign-up/database");

    let known = session::visitor(service, visitor.session, visitor.address).await.unwrap();
    assert_eq!(known.fresh().unwrap().email.key(), JANE);
    assert!(matches!(
        pending(service, &known, &token).await.unwrap(),
        Pending::Used { from: Some(from), by_you: true, .. } if from == visitor.address
    ));
    assert_eq!(portal.count("select count(*) from audit_event where action = 'session.sign_in'").await, 1);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'account.create'").await, 1);
}
