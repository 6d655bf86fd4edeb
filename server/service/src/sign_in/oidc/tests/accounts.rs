//! Whose account somebody comes into.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_is_vouched_for_gets_an_account_once(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let jane = stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let elsewhere = stage.portal.stranger("198.51.100.9").await;
    // She has another address by now, and another name.
    let again = stage.sign_in(&elsewhere, person("1", "jane.doe@acme.example", true)).await.unwrap();
    assert_eq!((again, stage.portal.count(ACCOUNTS).await), (jane, 1));
    let known = crate::people::session::requester_of(
        &stage.portal.service,
        elsewhere.known_session(),
        elsewhere.browser().unwrap().address,
    )
    .await
    .unwrap();
    assert_eq!(known.fresh().unwrap().email.to_string(), "jane@acme.example", "mails go where they went");
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'account.create'").await,
        1
    );
    assert_eq!(
        stage.portal.count("select count(*) from audit_event where action = 'session.sign_in'").await,
        2
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_address_opens_nobodys_account(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let owner = stage.portal.person("jane@acme.example").await.signed_in().unwrap().id.0;
    let first = stage.sign_in(&stage.browser, person("1", "jane@acme.example", true)).await.unwrap();
    let second = stage.sign_in(&stage.browser, person("2", "JANE@acme.example", true)).await.unwrap();
    assert!(owner != first && owner != second && first != second);
    // Nor does a mail to it open theirs.
    assert_eq!(stage.portal.person("jane@acme.example").await.signed_in().unwrap().id.0, owner);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_address_that_nobody_verified_is_not_written_to(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    for facts in [person("1", "jane@acme.example", false), person("1", "none", true)] {
        assert_eq!(reason(stage.sign_in(&stage.browser, facts).await), Reason::Address);
    }
    assert_eq!(stage.portal.count(ACCOUNTS).await, 0);
    let refused =
        "select count(*) from audit_event where action = 'sign_in.refused' and detail->>'reason' = 'address'";
    assert_eq!(stage.portal.count(refused).await, 2);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn one_more_way_in_is_added_by_who_is_signed_in_and_to_nobody_else(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let jane = stage.portal.person("jane@acme.example").await;
    let joe = stage.portal.person("joe@acme.example").await;
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    let early = leave(service, &old, "acme", Purpose::Link, "/account").await;
    assert!(matches!(early, Err(Error::StaleSignIn)));

    *stage.told.facts.lock().unwrap() = Some(person("1", "other@issuer.example", false));
    for _ in 0..2 {
        let state = stage.leave(&jane, Purpose::Link).await;
        let vouched = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
        assert!(vouched.is_link());
        assert_eq!(link(service, &jane, vouched).await.unwrap(), "/t/shop_k3v9x2", "once more is success");
    }
    let ways = crate::sign_in::account::view(service, &jane).await.unwrap().ways;
    let shown: Vec<_> = ways.iter().map(|way| (way.label.as_deref(), way.called.as_str())).collect();
    assert_eq!(shown, [(None, "jane@acme.example"), (Some("acme"), "other@issuer.example")]);
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'identity.add'").await, 1);
    let told =
        "select count(*) from outbox where kind = 'account_changed' and recipient = 'jane@acme.example'";
    assert_eq!(stage.portal.count(told).await, 1);

    let state = stage.leave(&joe, Purpose::Link).await;
    let taken = stage.back(&joe, "acme", &[("state", &state), ("code", "good")]).await;
    assert_eq!(reason(taken), Reason::Taken);
    // The browser is somebody else's by the time it comes back.
    let state = stage.leave(&jane, Purpose::Link).await;
    let vouched = stage.back(&jane, "acme", &[("state", &state), ("code", "good")]).await.unwrap();
    let changed = Requester { account: joe.account.clone(), ..jane.clone() };
    assert!(matches!(link(service, &changed, vouched).await, Err(Error::NotFound)));
    assert_eq!(crate::sign_in::account::view(service, &joe).await.unwrap().ways.len(), 1);
}
