mod limits;
mod link;

use super::*;
use crate::{
    Error,
    context::{
        field_error::{ErrorCode, Field, SignInCode},
        requester::Requester,
    },
    people::session::{self, rows},
    testing::{TestPortal, rejection},
};
use futures::future::join_all;
use innkeeper_domain::mail::Message;
use serde_json::json;
use sqlx::PgPool;

const JANE: &str = "jane@acme.example";

/// Token and code of the newest mail to an address.
async fn mailed(portal: &TestPortal, to: &str) -> (String, String) {
    match portal.mails(to).await.pop() {
        Some(Message::SignIn { link, code, .. } | Message::AddMailbox { link, code }) => {
            let token = link.strip_prefix("https://portal.example/verify?token=").unwrap();
            (token.to_owned(), code)
        }
        _ => panic!("no sign-in mail"),
    }
}

async fn asked(portal: &TestPortal, requester: &Requester, email: &str) -> (String, String) {
    ask(&portal.service, requester, email, "/").await.unwrap();
    mailed(portal, email).await
}

fn refused<T: std::fmt::Debug>(field: Field, outcome: crate::Result<T>) -> ErrorCode {
    let (refused, code) = rejection(outcome);
    assert_eq!(refused, field);
    code
}

fn wrong(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// Presses the link or types the code in this browser, all the way.
async fn sign_in(
    portal: &TestPortal,
    requester: &Requester,
    token: &str,
    code: &str,
) -> crate::Result<String> {
    let checked = check(&portal.service, requester, token, code).await?;
    let cookie = portal.new_cookie(requester, &format!("new {token}{code}")).await;
    complete(&portal.service, requester, checked, &cookie).await
}

const TRIED: &str = "select coalesce(sum(tries), 0)::bigint from challenge";
const USED: &str = "select count(*) from challenge where used_at is not null";

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_link_signs_in_the_browser_that_asked_with_one_press(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let requester = portal.stranger("203.0.113.7").await;
    ask(service, &requester, " Jane@ACME.example ", "/").await.unwrap();
    let (token, _) = mailed(&portal, "Jane@acme.example").await;
    for _ in 0..10 {
        let email = "Jane@acme.example".to_owned();
        assert_eq!(pending(service, &requester, &token).await.unwrap(), Pending::Press { email });
    }
    assert_eq!(portal.count(USED).await, 0, "looking changes nothing");
    assert_eq!(sign_in(&portal, &requester, &token, "").await.unwrap(), "/sign-up/database");

    let known =
        session::requester_of(service, requester.known_session(), requester.browser().unwrap().address)
            .await
            .unwrap();
    assert_eq!(known.fresh().unwrap().email.key(), JANE);
    assert!(matches!(
        pending(service, &known, &token).await.unwrap(),
        Pending::Used { from: Some(from), by_you: true, .. } if from == requester.browser().unwrap().address
    ));
    assert_eq!(portal.count("select count(*) from audit_event where action = 'session.sign_in'").await, 1);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'account.create'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_code_alone_signs_in_the_browser_that_asked(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    let (_, code) = asked(&portal, &requester, JANE).await;
    let shown = pending(&portal.service, &requester, "").await.unwrap();
    assert_eq!(shown, Pending::Code { email: Some(JANE.into()) });
    let typed = format!(" {}-{} ", &code[..3], &code[3..]);
    sign_in(&portal, &requester, "", &typed).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_link_in_another_browser_needs_the_code_beside_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let asking = portal.stranger("203.0.113.7").await;
    let other = portal.stranger("198.51.100.9").await;
    let (token, code) = asked(&portal, &asking, JANE).await;
    assert_eq!(pending(service, &other, &token).await.unwrap(), Pending::Code { email: None });
    let without_code = refused(Field::Code, check(service, &other, &token, "").await);
    assert_eq!(without_code, SignInCode::CodeMissing.into());
    refused(Field::Code, check(service, &other, &token, &wrong(&code)).await);
    assert!(
        matches!(check(service, &other, "", &code).await, Err(Error::Conflict)),
        "the code without the link"
    );
    sign_in(&portal, &other, &token, &code).await.unwrap();
    assert!(matches!(
        pending(service, &asking, "").await.unwrap(),
        Pending::Used { by_you: false, from: Some(from), .. } if from == other.browser().unwrap().address
    ));
    let stays_out = session::requester_of(service, asking.known_session(), asking.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(stays_out.account, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_browser_without_a_session_is_told_no_mailbox_and_gets_nowhere(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let asking = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &asking, JANE).await;
    let scanner = Requester::browser_at(None, asking.browser().unwrap().address);
    assert_eq!(pending(&portal.service, &scanner, &token).await.unwrap(), Pending::Code { email: None });
    assert_eq!(pending(&portal.service, &scanner, "").await.unwrap(), Pending::Nothing);
    assert!(matches!(check(&portal.service, &scanner, &token, &code).await, Err(Error::NotFound)));
    assert!(matches!(ask(&portal.service, &scanner, JANE, "/").await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn after_ten_minutes_nothing_of_it_works(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let requester = portal.stranger("203.0.113.7").await;
    let other = portal.stranger("203.0.113.8").await;
    let (token, code) = asked(&portal, &requester, JANE).await;
    let lives = "select extract(epoch from expires_at - created_at)::bigint from challenge";
    assert_eq!(portal.count(lives).await, 600);
    let checked = check(service, &requester, &token, "").await.unwrap();
    portal.change("update challenge set expires_at = now()").await;
    let cookie = portal.new_cookie(&requester, "new").await;
    assert!(matches!(complete(service, &requester, checked, &cookie).await, Err(Error::Conflict)));
    assert!(matches!(check(service, &requester, &token, "").await, Err(Error::Conflict)));
    assert!(matches!(check(service, &other, &token, &code).await, Err(Error::Conflict)));
    assert_eq!(
        pending(service, &requester, &token).await.unwrap(),
        Pending::Expired { email: Some(JANE.into()) }
    );
    assert_eq!(pending(service, &other, &token).await.unwrap(), Pending::Expired { email: None });
    assert_eq!(portal.count("select count(*) from account").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_presses_at_once_one_gets_in(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let requester = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &requester, JANE).await;
    let checked = check(service, &requester, &token, "").await.unwrap();
    let mut cookies = Vec::new();
    for n in 0..20 {
        cookies.push(portal.new_cookie(&requester, &n.to_string()).await);
    }
    let answers = join_all(cookies.iter().map(|cookie| complete(service, &requester, checked, cookie))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert!(
        answers.iter().filter(|answer| answer.is_err()).all(|answer| matches!(answer, Err(Error::Conflict)))
    );
    assert_eq!(portal.count("select count(*) from session where account_id is not null").await, 1);
    assert_eq!(
        portal.count("select count(*) from session").await,
        1,
        "no other cookie of this browser lives on"
    );
    let late = portal.new_cookie(&requester, "late").await;
    assert!(
        matches!(complete(service, &requester, checked, &late).await, Err(Error::Conflict)),
        "it serves once"
    );
    for (token, code) in [(token.as_str(), ""), ("", code.as_str()), (token.as_str(), code.as_str())] {
        assert!(matches!(check(service, &requester, token, code).await, Err(Error::Conflict)), "a replay");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_two_browsers_at_once_one_gets_in(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let (one, other) = (portal.stranger("203.0.113.7").await, portal.stranger("198.51.100.9").await);
    let (token, code) = asked(&portal, &one, JANE).await;
    let pressed = check(service, &one, &token, "").await.unwrap();
    let typed = check(service, &other, &token, &code).await.unwrap();
    let cookies = [portal.new_cookie(&one, "one").await, portal.new_cookie(&other, "other").await];
    let answers = join_all([
        complete(service, &one, pressed, &cookies[0]),
        complete(service, &other, typed, &cookies[1]),
    ])
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(portal.count("select count(*) from session where account_id is not null").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_cookie_from_before_the_sign_in_is_dead_after_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let requester = portal.stranger("203.0.113.7").await;
    let planted = portal.new_cookie(&requester, "planted").await;
    let (token, _) = asked(&portal, &requester, JANE).await;
    sign_in(&portal, &requester, &token, "").await.unwrap();
    assert_eq!(rows::load(&service.pool, &planted).await.unwrap(), None);
    assert!(!rows::save(&service.pool, &planted, &json!({})).await.unwrap(), "it does not come back");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn without_its_new_cookie_nobody_gets_in_and_nothing_is_used_up(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    let stranger = portal.stranger("198.51.100.9").await;
    let (token, _) = asked(&portal, &requester, JANE).await;
    let checked = check(&portal.service, &requester, &token, "").await.unwrap();
    let foreign = portal.new_cookie(&stranger, "foreign").await;
    for cookie in [[7; 32], foreign] {
        assert!(matches!(
            complete(&portal.service, &requester, checked, &cookie).await,
            Err(Error::Conflict)
        ));
    }
    assert_eq!(portal.count(USED).await, 0);
    assert_eq!(portal.count("select count(*) from account").await, 0);
    sign_in(&portal, &requester, &token, "").await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_no_address_is_a_mistake_and_leaves_nothing(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    let long = format!("{}@acme.example", "a".repeat(60_000));
    for bad in [
        "",
        " ",
        "jane",
        "jane@acme",
        "jane@acme.example\r\nBcc: eve@evil.example",
        "ja\u{202e}ne@acme.example",
        "'@x",
        "a\0@acme.example",
        &long,
    ] {
        let code = refused(Field::Email, ask(&portal.service, &requester, bad, "/").await);
        assert_eq!(code.as_str(), "invalid_email", "{bad:?}");
    }
    let left = "select (select count(*) from outbox) + (select count(*) from challenge) + (select count(*) from rate_window)";
    assert_eq!(portal.count(left).await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_token_that_is_none_is_nothing(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    asked(&portal, &requester, JANE).await;
    for bad in ["x", "' or true --", &"A".repeat(43), &"A".repeat(44), &"\0".repeat(43), &"a".repeat(70_000)]
    {
        assert_eq!(pending(&portal.service, &requester, bad).await.unwrap(), Pending::Nothing);
        assert!(matches!(check(&portal.service, &requester, bad, "123456").await, Err(Error::Conflict)));
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_sign_in_returns_to_the_page_that_asked_and_nowhere_else(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    for (asked_for, led_to) in [
        ("/t/shop_k3v9x2/handoff", "/t/shop_k3v9x2/handoff"),
        ("//evil.example", "/sign-up/database"),
        ("https://evil.example", "/sign-up/database"),
        ("/", "/sign-up/database"),
    ] {
        ask(&portal.service, &requester, JANE, asked_for).await.unwrap();
        let (token, _) = mailed(&portal, JANE).await;
        assert_eq!(sign_in(&portal, &requester, &token, "").await.unwrap(), led_to);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn one_mailbox_is_one_account_however_it_is_written(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let mut checks = Vec::new();
    for (n, email) in ["jane@acme.example", "JANE@acme.example", "Jane@ACME.EXAMPLE"].into_iter().enumerate()
    {
        let requester = portal.stranger("203.0.113.7").await;
        ask(&portal.service, &requester, email, "/").await.unwrap();
        let to = email.replace("ACME.EXAMPLE", "acme.example");
        let (token, _) = mailed(&portal, &to).await;
        let checked = check(&portal.service, &requester, &token, "").await.unwrap();
        checks.push((portal.new_cookie(&requester, &n.to_string()).await, requester, checked));
    }
    let all = checks
        .iter()
        .map(|(cookie, requester, checked)| complete(&portal.service, requester, *checked, cookie));
    for answer in join_all(all).await {
        answer.unwrap();
    }
    assert_eq!(portal.count("select count(*) from account").await, 1);
    assert_eq!(portal.count("select count(*) from session where account_id is not null").await, 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_one_person_left_in_a_browser_is_not_the_next_persons(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.person("first@acme.example").await;
    let session = requester.session().unwrap();
    crate::people::refused_forms::keep(&portal.service, session, "f1", &json!({ "values": "typed" }))
        .await
        .unwrap();
    session::flash(&portal.service, session, "Done.").await.unwrap();
    let (token, _) = asked(&portal, &requester, JANE).await;
    sign_in(&portal, &requester, &token, "").await.unwrap();
    assert_eq!(crate::people::refused_forms::take(&portal.service, session, "f1").await.unwrap(), None);
    assert_eq!(session::take_flash(&portal.service, session).await.unwrap(), None);
    let now = session::requester_of(&portal.service, Some(session), requester.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(now.signed_in().unwrap().email.key(), JANE);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn neither_token_nor_code_is_in_the_database_in_clear(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &requester, JANE).await;
    let rows: Vec<String> = sqlx::query_scalar(
        "select challenge::text from challenge union all select outbox::text from outbox
         union all select audit_event::text from audit_event",
    )
    .fetch_all(&portal.owner)
    .await
    .unwrap();
    let hex = hex::encode(&token);
    assert!(rows.len() >= 3);
    for row in rows {
        assert!(!row.contains(&token) && !row.contains(&hex) && !row.contains(&hex::encode(&code)), "{row}");
    }
    let kept: Vec<u8> =
        sqlx::query_scalar("select code_hash from challenge").fetch_one(&portal.owner).await.unwrap();
    assert_eq!(kept.len(), 32);
}
