use super::*;
use crate::{background::cleanup, people::refused_forms, testing::TestPortal};
use serde_json::{Value, json};
use sqlx::PgPool;

const LATER: OffsetDateTime = time::macros::datetime!(2999-01-01 0:00 UTC);

async fn seen(portal: &TestPortal, requester: &Requester) -> Requester {
    requester_of(&portal.service, requester.known_session(), requester.browser().unwrap().address)
        .await
        .unwrap()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_session_ends_when_it_is_not_used(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let (stranger, person) = (portal.stranger("203.0.113.7").await, portal.person("jane@acme.example").await);
    assert!(seen(&portal, &stranger).await.known_session().is_some());
    // Any use puts the end off: an hour for nobody, 12 hours for a person.
    portal.change("update session set last_seen_at = now() - interval '2 minutes'").await;
    seen(&portal, &stranger).await;
    seen(&portal, &person).await;
    let left =
        "select extract(epoch from expires_at - now())::bigint / 60 from session where account_id is null";
    assert!((58..=60).contains(&portal.count(left).await));
    let left = "select extract(epoch from expires_at - now())::bigint / 60 from session where account_id is not null";
    assert!((718..=720).contains(&portal.count(left).await));
    portal.change("update session set expires_at = now()").await;
    assert!(seen(&portal, &person).await.known_session().is_none());
    assert!(seen(&portal, &person).await.account.is_none());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_session_ends_after_thirty_days_however_much_it_is_used(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let person = portal.person("jane@acme.example").await;
    portal
        .change(
            "update session set created_at = now() - interval '30 days' + interval '3 minutes',
               last_seen_at = now() - interval '2 minutes'",
        )
        .await;
    seen(&portal, &person).await;
    let left = portal.count("select extract(epoch from expires_at - now())::bigint from session").await;
    assert!((100..=180).contains(&left), "{left}");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn use_is_written_down_once_a_minute_at_most(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let written = "select xmin::text::bigint from session";
    let before = portal.count(written).await;
    seen(&portal, &person).await;
    assert_eq!(portal.count(written).await, before);
    portal.change("update session set last_seen_at = now() - interval '61 seconds'").await;
    seen(&portal, &person).await;
    let stale = "select count(*) from session where last_seen_at < now() - interval '30 seconds'";
    assert_eq!(portal.count(stale).await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_sign_in_is_fresh_for_five_minutes(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let person = portal.person("jane@acme.example").await;
    assert!(seen(&portal, &person).await.fresh().is_ok());
    portal.change("update session set authenticated_at = now() - interval '299 seconds'").await;
    assert!(seen(&portal, &person).await.fresh().is_ok());
    portal.change("update session set authenticated_at = now() - interval '301 seconds'").await;
    let stale = seen(&portal, &person).await;
    assert!(matches!(stale.fresh(), Err(Error::StaleSignIn)));
    assert!(stale.signed_in().is_ok());
    let stranger = portal.stranger("203.0.113.7").await;
    assert!(matches!(stranger.fresh(), Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn signing_out_ends_the_session_and_what_it_carried(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let (jane, ola) = (portal.person("jane@acme.example").await, portal.person("ola@acme.example").await);
    let session = jane.session().unwrap();
    flash(&portal.service, session, "Saved.").await.unwrap();
    refused_forms::keep(&portal.service, session, "f1", &json!({})).await.unwrap();
    sign_out(&portal.service, &jane).await.unwrap();
    sign_out(&portal.service, &jane).await.unwrap();
    assert!(seen(&portal, &jane).await.known_session().is_none());
    assert!(seen(&portal, &ola).await.account.is_some());
    let left = "select (select count(*) from flash) + (select count(*) from form_state)";
    assert_eq!(portal.count(left).await, 0);
    assert_eq!(portal.count("select count(*) from audit_event where action = 'session.sign_out'").await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn rows_are_made_once_written_while_they_live_and_read_by_their_hash(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let (pool, hash) = (&portal.service.pool, rows::id_hash(b"cookie"));
    let id = portal.service.ids.make();
    assert!(!rows::save(pool, &hash, &json!({ "a": 1 })).await.unwrap(), "a row is not made by writing it");
    assert!(rows::create(pool, &hash, id, &json!({}), LATER).await.unwrap());
    assert!(
        !rows::create(pool, &hash, id, &json!({}), LATER).await.unwrap(),
        "a cookie is never given twice"
    );
    assert!(rows::save(pool, &hash, &json!({ "a": 1 })).await.unwrap());
    let (data, _) = rows::load(pool, &hash).await.unwrap().unwrap();
    assert_eq!(data, json!({ "a": 1 }));
    let most = "select ceil(extract(epoch from expires_at - now()))::bigint from session";
    assert!(portal.count(most).await <= 3600, "nobody's session lives for an hour at most");
    portal.change("update session set expires_at = now()").await;
    assert_eq!(rows::load(pool, &hash).await.unwrap(), None);
    assert!(!rows::save(pool, &hash, &json!({})).await.unwrap());
    rows::delete(pool, &hash).await.unwrap();
    rows::delete(pool, &hash).await.unwrap();
    assert_ne!(rows::id_hash(b"cookie"), *blake3::hash(b"cookie").as_bytes());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_flash_line_is_said_once_and_only_there(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let (one, other) = (portal.stranger("203.0.113.7").await, portal.stranger("203.0.113.7").await);
    flash(&portal.service, one.session().unwrap(), "First.").await.unwrap();
    flash(&portal.service, one.session().unwrap(), "Second.").await.unwrap();
    assert_eq!(take_flash(&portal.service, other.session().unwrap()).await.unwrap(), None);
    assert_eq!(
        take_flash(&portal.service, one.session().unwrap()).await.unwrap().as_deref(),
        Some("Second.")
    );
    assert_eq!(take_flash(&portal.service, one.session().unwrap()).await.unwrap(), None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_refused_form_is_shown_once_to_the_browser_that_sent_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let one = portal.stranger("203.0.113.7").await.session().unwrap();
    let other = portal.stranger("203.0.113.7").await.session().unwrap();
    let data = json!({ "values": { "database": "My Shop" }, "mistakes": { "database": "Try my_shop." } });
    refused_forms::keep(service, one, "f1", &data).await.unwrap();
    assert_eq!(refused_forms::take(service, other, "f1").await.unwrap(), None);
    assert_eq!(refused_forms::take(service, one, "f2").await.unwrap(), None);
    assert_eq!(refused_forms::take(service, one, "f1").await.unwrap(), Some(data.clone()));
    assert_eq!(refused_forms::take(service, one, "f1").await.unwrap(), None);
    refused_forms::keep(service, one, "f1", &data).await.unwrap();
    portal.change("update form_state set created_at = now() - interval '61 minutes'").await;
    assert_eq!(refused_forms::take(service, one, "f1").await.unwrap(), None);
    for id in ["", "\0", &"x".repeat(65)] {
        assert_eq!(refused_forms::take(service, one, id).await.unwrap(), None);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_form_that_is_too_large_keeps_what_fits_and_its_mistakes(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let service = &portal.service;
    let session = portal.stranger("203.0.113.7").await.session().unwrap();
    let kept = async |values: Value| {
        refused_forms::keep(service, session, "f", &json!({ "values": values, "mistakes": { "a": "m" } }))
            .await
            .unwrap();
        refused_forms::take(service, session, "f").await.unwrap().unwrap()
    };
    let data = kept(json!({ "a": "x".repeat(60_000), "b": "typed\0" })).await;
    assert_eq!(data, json!({ "values": { "a": "", "b": "typed" }, "mistakes": { "a": "m" } }));
    let many: Vec<String> = (0..5000).map(|n| format!("name{n}")).collect();
    assert_eq!(kept(json!({ "x": many })).await, json!({ "values": null, "mistakes": { "a": "m" } }));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_sweep_removes_what_is_over_and_nothing_else(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let session = portal.stranger("203.0.113.7").await.session().unwrap();
    let fill = async || {
        let requester = portal.stranger("203.0.113.7").await;
        crate::sign_in::email::ask(&portal.service, &requester, "jane@acme.example", "/").await.unwrap();
        refused_forms::keep(&portal.service, requester.session().unwrap(), "f", &json!({})).await.unwrap();
        flash(&portal.service, requester.session().unwrap(), "Saved.").await.unwrap();
    };
    fill().await;
    portal.change("update session set expires_at = now()").await;
    portal.change("update form_state set created_at = now() - interval '61 minutes'").await;
    portal.change("update flash set created_at = now() - interval '61 minutes'").await;
    portal.change("update rate_window set started_at = now() - interval '25 hours'").await;
    portal.change("update challenge set created_at = now() - interval '25 hours'").await;
    portal.change("update outbox set created_at = now() - interval '31 days', state = 'sent'").await;
    fill().await;
    // Two sessions, a form, a line, a challenge, a mail; the counters were taken up again.
    assert_eq!(cleanup::once(&portal.worker).await.unwrap(), 6);
    assert_eq!(cleanup::once(&portal.worker).await.unwrap(), 0);
    for table in [
        "select count(*) from session",
        "select count(*) from form_state",
        "select count(*) from flash",
        "select count(*) from challenge",
        "select count(*) from outbox",
    ] {
        assert_eq!(portal.count(table).await, 1, "{table}");
    }
    assert!(
        requester_of(&portal.service, Some(session), crate::testing::ip("::1"))
            .await
            .unwrap()
            .known_session()
            .is_none()
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn another_cookie_of_the_same_session_is_nobody_until_it_comes_in_itself(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let session = person.session().unwrap();
    // A request that began before the person came in gets a new cookie for the same session, and is refused then.
    let made = rows::create(&portal.service.pool, &[7; 32], session.0, &Value::Null, LATER).await.unwrap();
    assert!(made);
    let by = async |cookie: [u8; 32]| {
        requester(&portal.service, Some((session, &cookie)), person.browser().unwrap().address)
            .await
            .unwrap()
            .account
    };
    assert!(by([7; 32]).await.is_none(), "it came in by the id of the session alone");
    assert!(by([8; 32]).await.is_none());
    assert!(seen(&portal, &person).await.account.is_some(), "and the person is still in");

    // What is left of it ends with the refusal.
    let press = press::Press { request: [1; 32], cookie: [2; 32] };
    assert!(press::claim(&portal.service, &press).await.unwrap());
    press::finish(&portal.service, &press, Some(&[7; 32]), "/").await.unwrap();
    assert_eq!(portal.count("select count(*) from session").await, 1);
    assert!(seen(&portal, &person).await.account.is_some());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_takes_a_late_press_over_gets_nothing_of_it(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    let person = portal.person("jane@acme.example").await;
    let hash: Vec<u8> =
        sqlx::query_scalar("select id_hash from session").fetch_one(&portal.owner).await.unwrap();
    let first = press::Press { request: [1; 32], cookie: [2; 32] };
    let taker = press::Press { request: [1; 32], cookie: [3; 32] };
    assert!(press::claim(&portal.service, &first).await.unwrap());
    assert!(!press::claim(&portal.service, &taker).await.unwrap());
    portal.change("update sign_in_press set created_at = now() - interval '21 seconds'").await;
    assert!(press::claim(&portal.service, &taker).await.unwrap());
    press::finish(&portal.service, &first, Some(&hash), "/t").await.unwrap();
    let found = press::look(&portal.service, &taker).await.unwrap();
    assert_eq!(found, Some((press::Pressed::UnderWay, true)), "{person:?}");
}
