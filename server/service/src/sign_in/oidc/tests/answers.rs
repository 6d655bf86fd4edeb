//! What a browser brings back, and what is kept until then.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_answer_counts_once_in_the_browser_that_asked_and_for_whom_it_asked(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    *stage.told.facts.lock().unwrap() = Some(person("1", "jane@acme.example", true));
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let good = [("state", state.as_str()), ("code", "good")];

    let other = stage.portal.stranger("198.51.100.9").await;
    let nobody = Requester::browser_at(None, other.browser().unwrap().address);
    assert_eq!(reason(stage.back(&other, "acme", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&nobody, "acme", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&stage.browser, "other", &good).await), Reason::State);
    assert_eq!(reason(stage.back(&stage.browser, "acme", &[("code", "good")]).await), Reason::State);
    assert_eq!(
        reason(stage.back(&stage.browser, "acme", &[("state", "x"), ("code", "good")]).await),
        Reason::State
    );
    let twice = [good[0], good[1], good[0]];
    assert_eq!(reason(stage.back(&stage.browser, "acme", &twice).await), Reason::Answer);
    assert!(matches!(stage.back(&stage.browser, "unknown", &good).await, Err(Error::NotFound)));

    let at_once = futures::future::join_all((0..20).map(|_| stage.back(&stage.browser, "acme", &good))).await;
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1, "of twenty at once one counts");
    assert_eq!(reason(stage.back(&stage.browser, "acme", &good).await), Reason::State);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_answer_is_too_late_after_ten_minutes(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let later = "update authorization_request set expires_at = expires_at - interval '10 minutes'";
    assert_eq!(stage.portal.change(later).await, 1);
    assert_eq!(
        reason(stage.back(&stage.browser, "acme", &[("state", &state), ("code", "good")]).await),
        Reason::State
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_providers_refusal_is_told_and_ends_the_question(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    for (query, wanted) in [
        ([("error", "access_denied"), ("code", "good")], Reason::Declined),
        ([("code", ""), ("more", "")], Reason::Answer),
        ([("code", "bad"), ("more", "")], Reason::Code),
    ] {
        let state = stage.leave(&stage.browser, Purpose::SignIn).await;
        let mut query = query.to_vec();
        query.push(("state", &state));
        assert_eq!(reason(stage.back(&stage.browser, "acme", &query).await), wanted);
        let good = [("state", state.as_str()), ("code", "good")];
        assert_eq!(reason(stage.back(&stage.browser, "acme", &good).await), Reason::State);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_shows_that_it_is_still_them_has_to_be_the_same(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let stranger = leave(service, &stage.browser, "acme", Purpose::Fresh, "/").await;
    assert!(matches!(stranger, Err(Error::NotFound)));
    stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let jane = crate::people::session::requester_of(
        service,
        stage.browser.known_session(),
        stage.browser.browser().unwrap().address,
    )
    .await
    .unwrap();

    let state = stage.leave(&jane, Purpose::Fresh).await;
    assert!(stage.told.asked.lock().unwrap().as_ref().unwrap().fresh);
    *stage.told.facts.lock().unwrap() = Some(person("2", "jane@acme.example", true));
    let other = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await;
    assert_eq!(reason(other), Reason::Subject);

    let state = stage.leave(&jane, Purpose::Fresh).await;
    *stage.told.facts.lock().unwrap() = Some(person("1", "jane@acme.example", true));
    stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_kept_of_a_question_cannot_be_read(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let state = stage.leave(&stage.browser, Purpose::SignIn).await;
    let asked = stage.told.asked.lock().unwrap().clone().unwrap();
    let kept: String = sqlx::query_scalar(
        "select authorization_request::text || encode(sealed, 'escape') from authorization_request",
    )
    .fetch_one(&stage.portal.owner)
    .await
    .unwrap();
    for secret in [state.as_str(), asked.nonce.expose(), asked.verifier.expose()] {
        assert!(!kept.contains(secret), "{kept}");
    }
}

#[test]
fn a_ticket_is_of_one_session_and_one_provider() {
    let all = [ticket("a", "acme"), ticket("b", "acme"), ticket("a", "other")];
    assert!(all[0] != all[1] && all[0] != all[2] && all[0] == ticket("a", "acme"));
}
