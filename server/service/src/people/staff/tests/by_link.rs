//! Staff by a link of whoever has the machine.

use super::*;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_link_makes_one_person_staff_once(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Operator).await;
    let (service, token) = (&stage.portal.service, link.token.expose());
    for _ in 0..3 {
        assert_eq!(standing(service, &jane, token).await.unwrap(), Standing::Open(StaffRole::Operator));
    }
    let others = [2, 3].map(|_| stage.portal.stranger("198.51.100.9"));
    let mut people = vec![jane.clone()];
    for (at, other) in others.into_iter().enumerate() {
        let other = other.await;
        let subject = ["2", "3"][at];
        stage
            .come_by("other", &other, Purpose::SignIn, person(subject, "joe@acme.example", true))
            .await
            .unwrap();
        people.push(stage.seen(&other).await);
    }
    let tries = people.iter().cycle().take(30).map(|who| claim(service, who, token));
    let at_once = futures::future::join_all(tries).await;
    assert_eq!(at_once.iter().filter(|one| one.is_ok()).count(), 1, "of thirty at once one is taken");
    assert!(
        at_once.iter().filter_map(|one| one.as_ref().err()).all(|error| matches!(error, Error::Conflict))
    );
    assert_eq!(stage.portal.count("select count(*) from staff where provider is null").await, 1);
    for who in &people {
        assert_eq!(standing(service, who, token).await.unwrap(), Standing::Dead);
        assert!(matches!(claim(service, who, token).await, Err(Error::Conflict)), "never again");
    }
    assert_eq!(deeds(&stage.portal).await, done(&[("staff.claim", 1), ("staff.link", 1)]));
    let told = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(stage.portal.count(told).await, 1, "who became staff is told by mail");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_link_works_by_ways_that_count_while_they_are_fresh(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Viewer).await;
    let (service, token) = (&stage.portal.service, link.token.expose());
    let nobody = stage.portal.stranger("198.51.100.9").await;
    let mail = stage.portal.person("ola@acme.example").await;
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    let customers = stage.portal.person("sam@acme.example").await;
    sqlx::query("update session set provider = 'org-acme' where id = $1")
        .bind(customers.session().unwrap().0)
        .execute(&stage.portal.owner)
        .await
        .unwrap();
    for (who, wanted) in [
        (&nobody, Standing::SignIn),
        (&mail, Standing::OtherWay),
        (&customers, Standing::OtherWay),
        (&old, Standing::Stale),
    ] {
        assert_eq!(standing(service, who, token).await.unwrap(), wanted);
        assert!(matches!(claim(service, who, token).await, Err(Error::Conflict)), "{wanted:?}");
    }
    for wrong in ["", "x", &token[1..], &token.to_lowercase(), "\0"] {
        assert_eq!(standing(service, &jane, wrong).await.unwrap(), Standing::Dead, "{wrong:?}");
        assert!(matches!(claim(service, &jane, wrong).await, Err(Error::Conflict)));
    }
    stage.portal.change("update staff_claim set expires_at = now()").await;
    assert_eq!(standing(service, &jane, token).await.unwrap(), Standing::Dead);
    assert!(matches!(claim(service, &jane, token).await, Err(Error::Conflict)), "too late");
    assert_eq!(stage.portal.count("select count(*) from staff").await, 0);
    let kept: String = sqlx::query_scalar("select staff_claim::text from staff_claim")
        .fetch_one(&stage.portal.owner)
        .await
        .unwrap();
    assert!(!kept.contains(token));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn mail_counts_on_one_machine_only(pool: PgPool) {
    let mut portal = TestPortal::open(&pool).await;
    let jane = portal.person("jane@acme.example").await;
    portal
        .change("insert into staff (account_id, role, identity_id) select account_id, 'operator', identity_id from session")
        .await;
    let staff = async |portal: &TestPortal| {
        let seen =
            session::requester_of(&portal.service, jane.known_session(), jane.browser().unwrap().address)
                .await
                .unwrap();
        seen.signed_in().unwrap().staff
    };
    assert_eq!(staff(&portal).await, None);
    let mut settings = (*portal.service.settings).clone();
    settings.public_url = "http://127.0.0.1:8080".into();
    portal.service.settings = settings.clone().into();
    assert_eq!(staff(&portal).await, None, "mails that leave the machine count nowhere");
    settings.local_mailbox = true;
    portal.service.settings = settings.into();
    assert_eq!(staff(&portal).await, Some(StaffRole::Operator));
    portal.change("update session set provider = 'org-acme'").await;
    assert_eq!(staff(&portal).await, None);
    portal.change("update session set provider = 'passkey'").await;
    assert_eq!(staff(&portal).await, Some(StaffRole::Operator));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_second_link_never_takes_away(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Approver).await;
    let service = &stage.portal.service;
    let lower = add(&stage.portal.operator(), &Requester::OPERATOR, StaffRole::Viewer).await.unwrap();
    for link in [link, lower] {
        let claimed = claim(service, &jane, link.token.expose()).await.unwrap();
        assert_eq!(claimed.role, StaffRole::Approver);
        // The cookie is changed with the role; who had the old one is out, and the sign-in gets no fresher.
        stage.portal.change("update session set authenticated_at = now() - interval '2 minutes'").await;
        let kept = session::kept(&service.pool, &jane).await.unwrap();
        let row = stage.portal.new_cookie(&jane, link.token.expose()).await;
        sqlx::query("delete from session where id_hash <> $1")
            .bind(&row[..])
            .execute(&stage.portal.owner)
            .await
            .unwrap();
        session::carry_over(service, &jane, &kept, &row).await.unwrap();
        let now = stage.seen(&jane).await;
        assert_eq!(now.fresh().unwrap().staff, Some(StaffRole::Approver));
        let old = "select count(*) from session where authenticated_at < now() - interval '110 seconds'";
        assert_eq!(stage.portal.count(old).await, 1);
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_first_link_is_made_once_and_anew_when_it_is_over(pool: PgPool) {
    let stage = Stage::open_with(&pool, StaffGroups::default()).await;
    let start = async |stage: &Stage| first(&stage.portal.service, &stage.portal.worker).await.unwrap();
    let at_once = futures::future::join_all((0..5).map(|_| start(&stage))).await;
    let made: Vec<_> = at_once.into_iter().flatten().collect();
    assert_eq!(made.len(), 1, "of five portals one makes it");
    assert_eq!(made[0].role, StaffRole::Approver);
    assert!(start(&stage).await.is_none());
    stage.portal.change("update staff_claim set expires_at = now()").await;
    let link = start(&stage).await.unwrap();
    assert_ne!(link.token.expose(), made[0].token.expose());
    stage
        .come_by("acme", &stage.browser, Purpose::SignIn, person("1", "jane@acme.example", true))
        .await
        .unwrap();
    let jane = stage.seen(&stage.browser).await;
    claim(&stage.portal.service, &jane, link.token.expose()).await.unwrap();
    assert!(start(&stage).await.is_none(), "there is staff now");
    let jane =
        remove(&stage.portal.operator(), &Requester::OPERATOR, &jane.signed_in().unwrap().id.to_string())
            .await;
    assert_eq!(jane.unwrap().roles, [("approver".to_owned(), None)]);
    assert!(start(&stage).await.is_some(), "and none again");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_reads_the_mailbox_of_one_of_the_staff_is_none_of_them(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Approver).await;
    claim(&stage.portal.service, &jane, link.token.expose()).await.unwrap();
    assert_eq!(role(&stage, &jane).await, Some(StaffRole::Approver));
    // They come in by the mailbox, add a way of their own that counts for staff, and come in by that.
    let id = jane.signed_in().unwrap().id;
    for (provider, subject) in [("mail", "jane@acme.example"), ("other", "eve"), ("passkey", "eve")] {
        let eve = stage.portal.stranger("198.51.100.9").await;
        sqlx::query(
            "with way as (insert into identity (id, account_id, provider, issuer, subject)
               values (gen_random_uuid(), $2, $3, $3, $4) returning id)
             update session set account_id = $2, provider = $3, authenticated_at = now(), identity_id = way.id
             from way where session.id = $1",
        )
        .bind(eve.session().unwrap().0)
        .bind(id.0)
        .bind(provider)
        .bind(subject)
        .execute(&stage.portal.owner)
        .await
        .unwrap();
        assert_eq!(role(&stage, &eve).await, None, "by {provider}");
    }
    // Taken away, the way takes the right along.
    stage.portal.change("delete from identity where subject = '1'").await;
    assert_eq!(stage.portal.count("select count(*) from staff").await, 0);
}
