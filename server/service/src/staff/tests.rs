use super::*;
use crate::{
    identity::{
        Purpose,
        tests::{Stage, person},
    },
    session,
    testing::TestPortal,
};
use innkeeper_domain::{
    identity::{Facts, Groups},
    mail::Message,
    staff::StaffGroups,
};
use sqlx::PgPool;

fn groups() -> StaffGroups {
    let mut groups = StaffGroups::default();
    for (group, role) in
        [("support", StaffRole::Viewer), ("db-team", StaffRole::Operator), ("heads", StaffRole::Approver)]
    {
        groups.add(group.into(), role);
    }
    groups
}

/// Jane, by the provider's word in these groups.
fn jane_in(names: &[&str]) -> Facts {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Facts { groups: Groups::Listed(names), ..person("1", "jane@acme.example", true) }
}

async fn role(stage: &Stage, browser: &Visitor) -> Option<StaffRole> {
    stage.seen(browser).await.signed_in().unwrap().staff
}

/// How often each deed stands in the audit log.
async fn deeds(portal: &TestPortal) -> Vec<(String, i64)> {
    sqlx::query_as(
        "select action, count(*) from audit_event where action like 'staff.%' group by 1 order by 1",
    )
    .fetch_all(&portal.owner)
    .await
    .unwrap()
}

fn done(deeds: &[(&str, i64)]) -> Vec<(String, i64)> {
    deeds.iter().map(|(deed, count)| ((*deed).to_owned(), *count)).collect()
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn groups_decide_at_each_sign_in(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    for (facts, wanted) in [
        (jane_in(&["customers", "support"]), Some(StaffRole::Viewer)),
        (jane_in(&["support", "heads", "db-team"]), Some(StaffRole::Approver)),
        (jane_in(&["db-team"]), Some(StaffRole::Operator)),
        (jane_in(&["db-team"]), Some(StaffRole::Operator)),
        (jane_in(&["DB-TEAM", "staff", "*", ""]), None),
        (jane_in(&["support"]), Some(StaffRole::Viewer)),
        (Facts { groups: Groups::Untold, ..jane_in(&[]) }, None),
        (jane_in(&["support"]), Some(StaffRole::Viewer)),
        (Facts { groups: Groups::TooMany, ..jane_in(&[]) }, None),
    ] {
        stage.come_by("acme", &stage.browser, Purpose::SignIn, facts.clone()).await.unwrap();
        assert_eq!(role(&stage, &stage.browser).await, wanted, "{:?}", facts.groups);
    }
    // Whoever comes to more is told by mail.
    let mails = stage.portal.mails("jane@acme.example").await;
    assert_eq!(mails.len(), 4);
    let first = matches!(&mails[0], Message::AccountChanged { what, address, .. }
        if what == "A group of acme made you staff, as viewer." && address == "203.0.113.7");
    assert!(first);
    let told = deeds(&stage.portal).await;
    assert_eq!(told, done(&[("staff.change", 2), ("staff.join", 3), ("staff.leave", 3)]));

    // Who shows that it is still them is asked for their groups, too.
    let jane = stage.seen(&stage.browser).await;
    stage.come_by("acme", &jane, Purpose::Fresh, jane_in(&["db-team"])).await.unwrap();
    assert_eq!(role(&stage, &jane).await, Some(StaffRole::Operator));
    // Somebody else with the same address is not she.
    let other = stage.portal.stranger("198.51.100.9").await;
    let twin = Facts { groups: Groups::Listed(Vec::new()), ..person("2", "jane@acme.example", true) };
    stage.come_by("acme", &other, Purpose::SignIn, twin).await.unwrap();
    assert_eq!(role(&stage, &other).await, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn nobody_is_staff_by_a_group_in_a_session_of_another_way(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    let mail = stage.portal.person("jane@acme.example").await;
    // Linking takes no groups along.
    stage.link(&mail, jane_in(&["heads"])).await;
    assert_eq!(stage.portal.count("select count(*) from staff").await, 0);
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["heads"])).await.unwrap();
    assert_eq!(role(&stage, &stage.browser).await, Some(StaffRole::Approver));
    assert_eq!(role(&stage, &mail).await, None, "the same account, by mail");
    for way in ["mail", "passkey", "other", "org-acme", "unknown", ""] {
        sqlx::query("update session set provider = $1 where id = $2")
            .bind(way)
            .bind(mail.session.unwrap().0)
            .execute(&stage.portal.owner)
            .await
            .unwrap();
        assert_eq!(role(&stage, &mail).await, None, "by {way}");
    }
    // A provider without groups of staff makes nobody staff, whatever it says and whatever row there is.
    let other = stage.portal.stranger("198.51.100.9").await;
    stage
        .come_by(
            "other",
            &other,
            Purpose::SignIn,
            Facts { groups: jane_in(&["heads"]).groups, ..person("3", "joe@acme.example", true) },
        )
        .await
        .unwrap();
    assert_eq!(role(&stage, &other).await, None);
    stage
        .portal
        .change("insert into staff (account_id, role, provider) select account_id, 'approver', 'other' from identity where subject = '3'")
        .await;
    assert_eq!(role(&stage, &other).await, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn what_takes_it_away_holds_with_the_next_request(pool: PgPool) {
    let mut stage = Stage::open_with(&pool, groups()).await;
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["heads"])).await.unwrap();
    let jane = stage.seen(&stage.browser).await;
    assert!(require(&jane, StaffRole::Approver).is_ok());
    let gone = stage.portal.change("update staff set role = 'viewer'").await;
    let viewer = stage.seen(&stage.browser).await;
    assert!(gone == 1 && require(&viewer, StaffRole::Viewer).is_ok());
    assert!(matches!(require(&viewer, StaffRole::Operator), Err(Error::NotFound)));
    // The operator takes the provider out of the configuration.
    let providers = std::mem::take(&mut stage.portal.service.providers);
    let jane = stage.seen(&stage.browser).await;
    assert!(jane.account.is_some() && matches!(require(&jane, StaffRole::Viewer), Err(Error::NotFound)));
    stage.portal.service.providers = providers;
    assert!(require(&stage.seen(&stage.browser).await, StaffRole::Viewer).is_ok());
    let (worker, ids) = (&stage.portal.worker, &stage.portal.service.ids);
    assert_eq!(remove(worker, ids, "Jane@ACME.example").await.unwrap().address, "jane@acme.example");
    assert!(stage.seen(&stage.browser).await.session.is_none(), "and is signed out");
    assert!(matches!(remove(worker, ids, "jane@acme.example").await, Err(Error::NotFound)));
    assert!(matches!(require(&stage.browser, StaffRole::Viewer), Err(Error::NotFound)));
}

/// A portal with a provider, a link, and somebody who came by that provider.
async fn with_link(pool: &PgPool, role: StaffRole) -> (Stage, Visitor, Link) {
    let stage = Stage::open_with(pool, StaffGroups::default()).await;
    stage
        .come_by("acme", &stage.browser, Purpose::SignIn, person("1", "jane@acme.example", true))
        .await
        .unwrap();
    let jane = stage.seen(&stage.browser).await;
    let service = &stage.portal.service;
    let link = add(&stage.portal.worker, &service.ids, &*service.random, role).await.unwrap();
    (stage, jane, link)
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
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
        at_once.iter().filter_map(|one| one.as_ref().err()).all(|error| matches!(error, Error::Overtaken))
    );
    assert_eq!(stage.portal.count("select count(*) from staff where provider is null").await, 1);
    for who in &people {
        assert_eq!(standing(service, who, token).await.unwrap(), Standing::Dead);
        assert!(matches!(claim(service, who, token).await, Err(Error::Overtaken)), "never again");
    }
    assert_eq!(deeds(&stage.portal).await, done(&[("staff.claim", 1), ("staff.link", 1)]));
    let told = "select count(*) from outbox where kind = 'account_changed'";
    assert_eq!(stage.portal.count(told).await, 1, "who became staff is told by mail");
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn a_link_works_by_ways_that_count_while_they_are_fresh(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Viewer).await;
    let (service, token) = (&stage.portal.service, link.token.expose());
    let nobody = stage.portal.stranger("198.51.100.9").await;
    let mail = stage.portal.person("ola@acme.example").await;
    let mut old = jane.clone();
    old.account.as_mut().unwrap().fresh = false;
    let customers = stage.portal.person("sam@acme.example").await;
    sqlx::query("update session set provider = 'org-acme' where id = $1")
        .bind(customers.session.unwrap().0)
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
        assert!(matches!(claim(service, who, token).await, Err(Error::Overtaken)), "{wanted:?}");
    }
    for wrong in ["", "x", &token[1..], &token.to_lowercase(), "\0"] {
        assert_eq!(standing(service, &jane, wrong).await.unwrap(), Standing::Dead, "{wrong:?}");
        assert!(matches!(claim(service, &jane, wrong).await, Err(Error::Overtaken)));
    }
    stage.portal.change("update staff_claim set expires_at = now()").await;
    assert_eq!(standing(service, &jane, token).await.unwrap(), Standing::Dead);
    assert!(matches!(claim(service, &jane, token).await, Err(Error::Overtaken)), "too late");
    assert_eq!(stage.portal.count("select count(*) from staff").await, 0);
    let kept: String = sqlx::query_scalar("select staff_claim::text from staff_claim")
        .fetch_one(&stage.portal.owner)
        .await
        .unwrap();
    assert!(!kept.contains(token));
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn mail_counts_on_one_machine_only(pool: PgPool) {
    let mut portal = TestPortal::open(&pool).await;
    let jane = portal.person("jane@acme.example").await;
    portal
        .change("insert into staff (account_id, role, identity_id) select account_id, 'operator', identity_id from session")
        .await;
    let staff = async |portal: &TestPortal| {
        let seen = session::visitor(&portal.service, jane.session, jane.address).await.unwrap();
        seen.signed_in().unwrap().staff
    };
    assert_eq!(staff(&portal).await, None);
    let mut settings = (*portal.service.settings).clone();
    settings.public_url = "http://127.0.0.1:8080".into();
    portal.service.settings = settings.into();
    assert_eq!(staff(&portal).await, Some(StaffRole::Operator));
    portal.change("update session set provider = 'org-acme'").await;
    assert_eq!(staff(&portal).await, None);
    portal.change("update session set provider = 'passkey'").await;
    assert_eq!(staff(&portal).await, Some(StaffRole::Operator));
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn a_second_link_never_takes_away(pool: PgPool) {
    let (stage, jane, link) = with_link(&pool, StaffRole::Approver).await;
    let service = &stage.portal.service;
    let lower = add(&stage.portal.worker, &service.ids, &*service.random, StaffRole::Viewer).await.unwrap();
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

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
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
        remove(&stage.portal.worker, &stage.portal.service.ids, &jane.signed_in().unwrap().id.to_string())
            .await;
    assert_eq!(jane.unwrap().roles, [("approver".to_owned(), None)]);
    assert!(start(&stage).await.is_some(), "and none again");
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn where_groups_make_staff_no_first_link_is_made(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    assert!(first(&stage.portal.service, &stage.portal.worker).await.unwrap().is_none());
    assert_eq!(stage.portal.count("select count(*) from staff_claim").await, 0);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
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
    assert!(stage.seen(&browser).await.session.is_none(), "an hour without use");
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
    assert!(stage.seen(&browser).await.session.is_none(), "a day, however much it is used");

    // The same as a customer lives on.
    let browser = sign_in(&[]).await;
    stage
        .portal
        .change("update session set created_at = now() - interval '25 hours', last_seen_at = now() - interval '2 hours'")
        .await;
    assert_eq!(role(&stage, &browser).await, None);
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn the_list_is_for_staff_and_shows_each_person_once(pool: PgPool) {
    let stage = Stage::open_with(&pool, groups()).await;
    let service = &stage.portal.service;
    let mail = stage.portal.person("ola@acme.example").await;
    for who in [&stage.browser, &mail] {
        assert!(matches!(list(service, who, "", "", "").await, Err(Error::NotFound)));
    }
    stage.come_by("acme", &stage.browser, Purpose::SignIn, jane_in(&["support"])).await.unwrap();
    let jane = stage.seen(&stage.browser).await;
    stage
        .portal
        .change("insert into staff (account_id, role, created_at) select id, 'operator', now() + interval '1 s' from account where email = 'jane@acme.example'")
        .await;
    // 44 more by a provider that is gone.
    stage
        .portal
        .change(
            "with made as (insert into account (id, email, email_key, name)
               select gen_random_uuid(), format('p%s@acme.example', n), format('p%s@acme.example', n), format('Person %s', n)
               from generate_series(10, 53) n returning id)
             insert into staff (account_id, role, provider, created_at) select id, 'approver', 'gone', '2026-01-01' from made",
        )
        .await;
    for sort in ["", "address"] {
        let (mut seen, mut after) = (Vec::new(), String::new());
        loop {
            let page = list(service, &jane, "", sort, &after).await.unwrap();
            assert_eq!(page.total, 45);
            seen.extend(page.items.into_iter().map(|line| line.email));
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        assert_eq!((seen.len(), seen[0].as_str()), (45, "jane@acme.example"), "{sort}");
        if sort == "address" {
            assert!(seen.is_sorted());
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 45, "{sort}: each once");
    }
    let found = list(service, &jane, "JANE", "", "").await.unwrap();
    assert_eq!((found.total, found.items.len()), (1, 1));
    let line = &found.items[0];
    let group = How::Group { role: StaffRole::Viewer, provider: "acme".into(), label: Some("acme".into()) };
    assert_eq!(
        (line.role, &line.how[..]),
        (Some(StaffRole::Operator), &[group, How::Link(StaffRole::Operator)][..])
    );
    assert!(line.seen.is_some());
    let gone = list(service, &jane, "person 10", "", "").await.unwrap().items;
    assert_eq!(gone.iter().map(|line| line.role).collect::<Vec<_>>(), [None], "it holds no longer");
    assert!(list(service, &jane, "%", "", "").await.unwrap().items.is_empty());
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
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
        .bind(eve.session.unwrap().0)
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
