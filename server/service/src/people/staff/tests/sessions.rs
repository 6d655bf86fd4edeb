//! How long a session is one of staff.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_takes_it_away_holds_with_the_next_request(pool: PgPool) {
    let mut stage = Stage::open_with(&pool, groups()).await;
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["heads"])).await.unwrap();
    let jane = stage.seen(&stage.browser).await;
    assert!(may(&stage, &jane, Permission::DomainDecide).await.is_ok());
    let gone = stage.portal.change("update staff set role = 'viewer'").await;
    let viewer = stage.seen(&stage.browser).await;
    assert!(gone == 1 && may(&stage, &viewer, Permission::StaffView).await.is_ok());
    assert!(matches!(may(&stage, &viewer, Permission::DomainDecide).await, Err(Error::NotFound)));
    // The operator takes the provider out of the configuration.
    let providers = std::mem::take(&mut stage.portal.service.providers);
    let jane = stage.seen(&stage.browser).await;
    assert!(
        jane.account.is_some()
            && matches!(may(&stage, &jane, Permission::StaffView).await, Err(Error::NotFound))
    );
    stage.portal.service.providers = providers;
    assert!(may(&stage, &stage.seen(&stage.browser).await, Permission::StaffView).await.is_ok());
    let (store, operator) = (stage.portal.operator(), Requester::OPERATOR);
    assert_eq!(remove(&store, &operator, "Jane@ACME.example").await.unwrap().address, "jane@acme.example");
    assert!(stage.seen(&stage.browser).await.known_session().is_none(), "and is signed out");
    assert!(matches!(remove(&store, &operator, "jane@acme.example").await, Err(Error::NotFound)));
    assert!(matches!(may(&stage, &stage.browser, Permission::StaffView).await, Err(Error::NotFound)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn sessions_of_staff_end_sooner(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    // A browser in which Jane has just signed in, in these groups.
    let sign_in = async |groups: &[&str]| {
        let browser = stage.portal.stranger("203.0.113.7").await;
        stage.come_by("acme", &browser, Purpose::SignIn, jane_in(groups)).await.unwrap();
        browser
    };
    let browser = sign_in(&["support"]).await;
    // A use puts the end off by an hour.
    stage.portal.change("update session set last_seen_at = now() - interval '59 minutes'").await;
    assert!(role(&stage, &browser).await.is_some());
    let left = "select extract(epoch from expires_at - now())::bigint / 60 from session where account_id is not null";
    assert!((58..=60).contains(&stage.portal.count(left).await));
    stage
        .portal
        .change("update session set last_seen_at = now() - interval '60 minutes', expires_at = now() + interval '11 hours'")
        .await;
    assert!(stage.seen(&browser).await.known_session().is_none(), "an hour without use");
    let live = "select count(*) from session where expires_at > now() and account_id is not null";
    assert_eq!(stage.portal.count(live).await, 0, "it does not come back when the role is taken away");

    let browser = sign_in(&["support"]).await;
    stage
        .portal
        .change(
            "update session set created_at = now() - interval '24 hours' + interval '3 minutes',
               last_seen_at = now() - interval '2 minutes' where account_id is not null",
        )
        .await;
    assert!(role(&stage, &browser).await.is_some());
    let left = "select max(extract(epoch from expires_at - now()))::bigint from session where account_id is not null";
    assert!((100..=180).contains(&stage.portal.count(left).await));
    stage.portal.change("update session set created_at = now() - interval '24 hours'").await;
    assert!(stage.seen(&browser).await.known_session().is_none(), "a day, however much it is used");

    // The same as a customer lives on.
    let browser = sign_in(&[]).await;
    stage
        .portal
        .change("update session set created_at = now() - interval '25 hours', last_seen_at = now() - interval '2 hours'")
        .await;
    assert_eq!(role(&stage, &browser).await, None);
}
