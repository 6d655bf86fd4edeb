//! How fresh a session is that came by a provider, and what ends it.

use super::*;
use crate::people::removed_providers::end_removed;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_was_signed_in_there_all_along_has_not_just_shown_who_they_are(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let now: time::OffsetDateTime = sqlx::query_scalar("select now()").fetch_one(&pool).await.unwrap();
    let minutes = |ago: i64| now - time::Duration::minutes(ago);
    for (since, fresh) in
        [(None, true), (Some(minutes(1)), true), (Some(minutes(6)), false), (Some(minutes(-9)), true)]
    {
        let browser = stage.portal.stranger("203.0.113.7").await;
        let jane = Facts { since, ..person("jane", "jane@acme.example", true) };
        stage.sign_in(&browser, jane).await.unwrap();
        let requester = crate::people::session::requester_of(
            &stage.portal.service,
            browser.known_session(),
            browser.browser().unwrap().address,
        )
        .await
        .unwrap();
        assert_eq!(requester.signed_in().unwrap().fresh, fresh, "{since:?}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_session_ends_with_its_way_in(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    assert_eq!(stage.portal.change("delete from identity where subject = '1'").await, 1);
    let gone = crate::people::session::requester_of(
        &stage.portal.service,
        stage.browser.known_session(),
        stage.browser.browser().unwrap().address,
    )
    .await;
    assert_eq!(gone.unwrap().account, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn sessions_end_with_the_provider_that_they_came_by(pool: PgPool) {
    let mut stage = Stage::open(&pool).await;
    let mail = stage.portal.person("joe@acme.example").await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let nobody = stage.portal.stranger("198.51.100.9").await;
    crate::people::session::flash(&stage.portal.service, stage.browser.session().unwrap(), "hello")
        .await
        .unwrap();
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 0, "all are offered");
    let all = std::mem::take(&mut stage.portal.service.providers);
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 1);
    assert_eq!(end_removed(&stage.portal.service).await.unwrap(), 0);
    for (requester, alive) in
        [(&stage.browser, (false, false)), (&mail, (true, true)), (&nobody, (true, false))]
    {
        let seen = crate::people::session::requester_of(
            &stage.portal.service,
            requester.known_session(),
            requester.browser().unwrap().address,
        )
        .await;
        let seen = seen.unwrap();
        assert_eq!((seen.known_session().is_some(), seen.account.is_some()), alive);
    }
    assert_eq!(stage.portal.count("select count(*) from flash").await, 0);
    let written = "select count(*) from audit_event where action = 'session.end' and subject = 'acme'
                   and detail->>'ended' = '1'";
    assert_eq!(stage.portal.count(written).await, 1);
    // Put back, it lets the same person in.
    stage.portal.service.providers = all;
    let back = stage.portal.stranger("203.0.113.8").await;
    stage.sign_in(&back, person("1", "jane@acme.example", true)).await.unwrap();
    assert_eq!(stage.portal.count(ACCOUNTS).await, 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_signs_out_there_is_signed_out_here_and_later_sessions_are_not(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let other = stage.portal.stranger("198.51.100.9").await;
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    stage.sign_in(&other, person("2", "joe@acme.example", true)).await.unwrap();
    let out = async |provider: &'static str, message: &'static str| {
        signed_out(service, &other, provider, message).await
    };
    assert_eq!(reason(out("acme", "nonsense").await), Reason::Form);
    assert_eq!(out("acme", "-60 1").await.unwrap(), 0, "it was said before she signed in");
    assert_eq!(out("other", "1 1").await.unwrap(), 0, "another provider's word");
    assert_eq!(out("acme", "1 1").await.unwrap(), 1);
    assert_eq!(out("acme", "1 1").await.unwrap(), 0, "said again");
    let jane = crate::people::session::requester_of(
        service,
        stage.browser.known_session(),
        stage.browser.browser().unwrap().address,
    )
    .await
    .unwrap();
    let joe = crate::people::session::requester_of(
        service,
        other.known_session(),
        other.browser().unwrap().address,
    )
    .await
    .unwrap();
    assert!(jane.account.is_none() && joe.account.is_some());
    assert_eq!(out("acme", "1 there").await.unwrap(), 1, "by the session there");
    let to = way_out(service, "acme").await.unwrap().unwrap();
    assert_eq!(to, "https://issuer.example/out?back=https://portal.example/");
}
