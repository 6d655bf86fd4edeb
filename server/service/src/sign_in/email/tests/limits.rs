//! What guessing, flooding and probing come to.

use super::{JANE, TRIED, asked, mailed, refused, sign_in, wrong};
use crate::{
    Error,
    context::{
        field_error::{Field, SignInCode},
        rate_limit::{Limit, Limits},
    },
    sign_in::email::{BLIND_TRIES_A_DAY, Pending, ask, check, pending},
    testing::TestPortal,
};
use futures::future::join_all;
use innkeeper_domain::mail::Message;
use sqlx::PgPool;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn five_wrong_codes_end_a_challenge(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let requester = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &requester, JANE).await;
    // What cannot be a code is no guess.
    for typed in [
        "",
        "12345",
        "1234567",
        "12345a",
        "\u{0661}\u{0662}\u{0663}\u{0664}\u{0665}\u{0666}",
        &"1".repeat(9000),
    ] {
        refused(Field::Code, check(service, &requester, "", typed).await);
    }
    assert_eq!(portal.count(TRIED).await, 0);
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(refused(Field::Code, check(service, &requester, "", &wrong(&code)).await));
    }
    assert_eq!(said, [4, 3, 2, 1, 0].map(|tries_left| SignInCode::WrongCode { tries_left }.into()));
    assert!(matches!(check(service, &requester, "", &code).await, Err(Error::Conflict)));
    assert!(matches!(check(service, &requester, &token, "").await, Err(Error::Conflict)));
    assert_eq!(
        pending(service, &requester, "").await.unwrap(),
        Pending::Expired { email: Some(JANE.into()) }
    );
    assert_eq!(portal.count("select count(*) from audit_event where action = 'sign_in.wrong_code'").await, 5);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn guesses_at_once_are_counted_one_by_one(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let requester = portal.stranger("203.0.113.7").await;
    let (_, code) = asked(&portal, &requester, JANE).await;
    let guess = wrong(&code);
    let answers = join_all((0..30).map(|_| check(&portal.service, &requester, "", &guess))).await;
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(Error::Rejected(_)))).count(), 5);
    assert_eq!(answers.iter().filter(|answer| matches!(answer, Err(Error::Conflict))).count(), 25);
    assert_eq!(portal.count(TRIED).await, 5);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn blind_guessing_ends_for_the_day_and_the_link_still_works(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let attacker = portal.stranger("198.51.100.9").await;
    for _ in 0..6 {
        let (_, code) = asked(&portal, &attacker, JANE).await;
        for _ in 0..5 {
            refused(Field::Code, check(&portal.service, &attacker, "", &wrong(&code)).await);
        }
    }
    assert_eq!(portal.count(TRIED).await, BLIND_TRIES_A_DAY);
    let jane = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &jane, JANE).await;
    let locked = refused(Field::Code, check(&portal.service, &jane, "", &code).await);
    assert_eq!(locked, SignInCode::CodesLocked.into());
    sign_in(&portal, &jane, &token, "").await.unwrap();
    let elsewhere = portal.stranger("203.0.113.8").await;
    let (token, code) = asked(&portal, &jane, JANE).await;
    sign_in(&portal, &elsewhere, &token, &code).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn known_and_unknown_mailboxes_are_answered_alike(pool: PgPool) {
    const ROWS: &str =
        "select (select count(*) from challenge) * 1000000 + (select count(*) from outbox) * 10000
        + (select count(*) from audit_event) * 100 + (select count(*) from rate_window)";
    let portal = TestPortal::open(&pool).await;
    portal.person("known@acme.example").await;
    let mut seen = Vec::new();
    for email in ["known@acme.example", "other@acme.example"] {
        // Fresh counters and a fresh browser for each, so that only the mailbox differs.
        portal.change("delete from rate_window").await;
        let requester = portal.stranger("203.0.113.7").await;
        let before = portal.count(ROWS).await;
        ask(&portal.service, &requester, email, "/").await.unwrap();
        let written = portal.count(ROWS).await - before;
        let (token, code) = mailed(&portal, email).await;
        let shown = format!("{:?}", pending(&portal.service, &requester, &token).await.unwrap());
        let refused = refused(Field::Code, check(&portal.service, &requester, "", &wrong(&code)).await);
        seen.push((written, shown.replace(email, "x"), refused, token.len(), code.len()));
    }
    assert_eq!(seen[0], seen[1]);
    let told = portal.mails("known@acme.example").await.pop();
    assert!(matches!(told, Some(Message::SignIn { known: true, .. })), "the mail tells the truth");
    let told = portal.mails("other@acme.example").await.pop();
    assert!(matches!(told, Some(Message::SignIn { known: false, .. })));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn mails_to_a_mailbox_are_limited_and_nobody_else_is_shut_out(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let attacker = portal.stranger("198.51.100.9").await;
    for n in 0..6 {
        ask(service, &attacker, &format!("jane+{n}@acme.example"), "/").await.unwrap();
    }
    let before = portal.count("select count(*) from outbox").await;
    for _ in 0..50 {
        let refused = ask(service, &attacker, JANE, "/").await;
        assert!(matches!(refused, Err(Error::TooMany(1..=600))), "{refused:?}");
    }
    assert_eq!(portal.count("select count(*) from outbox").await, before, "who is refused costs no mail");
    let jane = portal.stranger("203.0.113.7").await;
    let (token, _) = asked(&portal, &jane, JANE).await;
    sign_in(&portal, &jane, &token, "").await.unwrap();
    // Asking on and on does not make the window longer.
    portal.change("update rate_window set started_at = started_at - interval '600 seconds'").await;
    ask(service, &attacker, JANE, "/").await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn mails_are_limited_by_address_and_in_all(pool: PgPool) {
    let three = Limit { count: 3, seconds: 600 };
    let limits =
        Limits { mail_per_address: three, mail_in_all: Limit { count: 5, seconds: 60 }, ..Limits::default() };
    let portal = TestPortal::open_with(&pool, limits).await;
    let one = portal.stranger("2001:db8:1:2::7").await;
    let same_net = portal.stranger("2001:db8:1:2::8").await;
    let other = portal.stranger("2001:db8:1:3::7").await;
    for n in 0..3 {
        ask(&portal.service, &one, &format!("p{n}@acme.example"), "/").await.unwrap();
    }
    assert!(matches!(ask(&portal.service, &same_net, JANE, "/").await, Err(Error::TooMany(1..=600))));
    for n in 3..5 {
        ask(&portal.service, &other, &format!("p{n}@acme.example"), "/").await.unwrap();
    }
    assert!(matches!(ask(&portal.service, &other, JANE, "/").await, Err(Error::TooMany(1..=60))));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn tries_to_sign_in_are_limited_by_address(pool: PgPool) {
    let limits = Limits { verify_per_address: Limit { count: 2, seconds: 600 }, ..Limits::default() };
    let portal = TestPortal::open_with(&pool, limits).await;
    let requester = portal.stranger("203.0.113.7").await;
    let (token, code) = asked(&portal, &requester, JANE).await;
    for _ in 0..2 {
        refused(Field::Code, check(&portal.service, &requester, "", &wrong(&code)).await);
    }
    assert!(matches!(check(&portal.service, &requester, &token, "").await, Err(Error::TooMany(1..=600))));
}
