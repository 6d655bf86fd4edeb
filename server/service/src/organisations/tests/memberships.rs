use super::{github::*, *};
use crate::{context::requester::Requester, tenants};
use innkeeper_domain::identity::{GitHubLogin, GitHubOrganisation};

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_membership_by_a_way_opens_to_that_way_and_for_a_day(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    let mut by_mail = there.clone();
    by_mail.account.as_mut().unwrap().way = "mail".into();
    assert_eq!(stage.role(&by_mail).await, None);
    let ways = closed(service, &by_mail).await.unwrap().remove(0).ways;
    assert_eq!(
        ways.iter().map(|way| (way.provider.as_str(), way.label.as_str())).collect::<Vec<_>>(),
        [(HUB, "HUB")]
    );

    stage
        .portal
        .change("update member set vouched_at = now() - interval '25 hours' where provider = 'hub'")
        .await;
    assert_eq!(stage.role(&there).await, None);
    assert_eq!(closed(service, &there).await.unwrap().len(), 1);
    stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&there).await, Some(MemberRole::Developer));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn whom_an_admin_made_a_member_stays_one(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let there = stage.sign_in_by(HUB, bob(&[])).await.unwrap();
    let here = tenants::open(&stage.portal.service, &stage.jane, SHOP).await.unwrap().organisation_id;
    member(&stage.portal, here, &there, "auditor").await;
    for groups in [&[TEAM][..], &[]] {
        let there = stage.sign_in_by(HUB, bob(groups)).await.unwrap();
        assert_eq!(stage.role(&there).await, Some(MemberRole::Auditor), "{groups:?}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn without_the_way_in_there_is_no_membership_by_it(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    stage
        .portal
        .change(
            "insert into identity (id, account_id, provider, issuer, subject)
             select gen_random_uuid(), account_id, 'mail', 'mail', 'bob@home.example' from identity where provider = 'hub'",
        )
        .await;
    let ways = crate::sign_in::account::view(service, &there).await.unwrap().ways;
    let way = ways.iter().find(|way| way.provider == HUB).unwrap().id;
    crate::sign_in::account::remove(service, &there, way).await.unwrap();
    assert_eq!(stage.portal.count("select count(*) from member where provider is not null").await, 0);
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'member.leave'").await, 1);
    let now = session::requester_of(service, there.known_session(), there.browser().unwrap().address)
        .await
        .unwrap();
    assert_eq!(now.account, None, "signed out of what came that way");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn taken_away_it_makes_nobody_a_member_any_more(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    // A team that is gone there is still said to be one as long as it makes somebody something.
    stage.owns(&[GitHubOrganisation { teams: vec![], ..acme(7) }]);
    assert_eq!(stage.show(jane).await, None);
    let groups = identity(service, jane, ACME).await.unwrap().github.remove(0).groups;
    assert_eq!(groups.iter().map(|one| one.group.as_str()).collect::<Vec<_>>(), ["organisation:7", TEAM]);
    for _ in 0..2 {
        remove_github(service, jane, ACME, HUB, "acme").await.unwrap();
    }
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'member.leave'").await, 1);
    assert_eq!(stage.role(&there).await, None, "at once");
    assert_eq!(stage.portal.count("select count(*) from organisation_group").await, 0);
    let again = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&again).await, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_last_admin_is_not_lost_by_it(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    add_group(service, &stage.jane, ACME, HUB, ("organisation:7", "admin")).await.unwrap();
    let there = stage.sign_in_by(HUB, bob(&["organisation:7"])).await.unwrap();
    stage.portal.change("delete from member where provider is null").await;
    let outcome = remove_github(service, &there, ACME, HUB, "acme").await;
    assert_eq!(code(outcome).as_str(), "no_admin_left");
    assert_eq!(stage.role(&there).await, Some(MemberRole::Admin), "nothing has changed");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn ways_are_closed_without_an_own_one_as_long_as_the_admins_stays_open(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let closes = code(enforce(service, jane, ACME, &[HUB.into()]).await);
    assert_eq!(closes, OrganisationCode::OwnMethodCloses.into());
    enforce(service, jane, ACME, &["mail".into()]).await.unwrap();
    assert_eq!(stage.role(jane).await, Some(MemberRole::Admin));
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&there).await, None);
    assert!(closed(service, &there).await.unwrap().remove(0).ways.is_empty(), "no way is both");
    enforce(service, jane, ACME, &["mail".into(), HUB.into()]).await.unwrap();
    assert_eq!(stage.role(&there).await, Some(MemberRole::Developer));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn two_organisations_may_have_people_of_the_same_team(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let beta = organisation(&stage.portal, "Beta").await;
    member(&stage.portal, beta, jane, "admin").await;
    tenant(&stage.portal, beta, jane, stage.server, "wiki_b2c3d4", "active").await;
    let sees = async |person: &Requester| {
        tenants::open(service, person, "wiki_b2c3d4").await.map(|one| one.role).ok()
    };
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(sees(&there).await, None, "what Acme has shown is not Beta's");
    add_github(service, jane, "beta", HUB, "acme").await.unwrap();
    assert_eq!(stage.show(jane).await, None);
    add_group(service, jane, "beta", HUB, (TEAM, "auditor")).await.unwrap();
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(
        (stage.role(&there).await, sees(&there).await),
        (Some(MemberRole::Developer), Some(MemberRole::Auditor))
    );
    remove_github(service, jane, "beta", HUB, "acme").await.unwrap();
    assert_eq!((stage.role(&there).await, sees(&there).await), (Some(MemberRole::Developer), None));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_way_that_vouches_last_is_the_one_that_opens(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    stage.owns(&[acme(7)]);
    stage.operators(HUB);
    let (service, jane) = (&stage.portal.service, &stage.jane);
    add_github(service, jane, ACME, HUB, "acme").await.unwrap();
    assert_eq!(stage.show(jane).await, None);
    add_group(service, jane, ACME, HUB, (TEAM, "admin")).await.unwrap();
    let ann = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    let there = |groups: &[&str]| says("ann", "ann@acme.example", groups);
    let Answered::Vouched(vouched) = stage.back(&ann, Purpose::Link, there(&["admins"])).await.unwrap()
    else {
        panic!()
    };
    oidc::link(service, &ann, *vouched).await.unwrap();
    assert_eq!(
        reason(stage.sign_in(there(&[])).await),
        Reason::Group,
        "being a member by another way is no group"
    );
    assert_eq!(stage.role(&ann).await, Some(MemberRole::Admin), "and is not touched by that");
    let own = stage.sign_in(there(&["admins"])).await.unwrap();
    assert_eq!(stage.role(&own).await, Some(MemberRole::Admin));
    stage.back(&own, Purpose::Trial, there(&["admins"])).await.unwrap();
    let lost = enforce(service, &own, ACME, &[]).await;
    assert_eq!(code(lost).as_str(), "no_admin_left", "Jane, whom no group made an admin, comes by mail only");
    enforce(service, &own, ACME, &["mail".into()]).await.unwrap();
    let again = stage.sign_in(there(&["admins"])).await.unwrap();
    assert_eq!(stage.role(&again).await, Some(MemberRole::Admin));
    assert_eq!(stage.role(jane).await, Some(MemberRole::Admin));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn another_account_there_that_somebody_added_opens_nothing(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    let first = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    // Eve reads Bob's mailbox, and adds her own account there to his here.
    let eve = says("eve", "eve@evil.example", &[]);
    let mut by_mail = first.clone();
    by_mail.account.as_mut().unwrap().way = "mail".into();
    let Answered::Vouched(vouched) = stage.back_by(HUB, &by_mail, Purpose::Link, eve.clone()).await.unwrap()
    else {
        panic!()
    };
    oidc::link(service, &by_mail, *vouched).await.unwrap();
    let hers = stage.sign_in_by(HUB, eve).await.unwrap();
    assert_eq!(hers.account.as_ref().unwrap().id, first.account.as_ref().unwrap().id);
    assert_eq!(stage.role(&hers).await, None);
    assert_eq!(stage.role(&first).await, Some(MemberRole::Developer), "and ends nothing");
    stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&hers).await, None, "nor when Bob has come again");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_two_organisations_there_the_one_that_is_left_decides_anew(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    add_github(service, jane, ACME, HUB, "labs").await.unwrap();
    let labs = GitHubOrganisation { number: 8, login: GitHubLogin::parse("labs").unwrap(), teams: vec![] };
    stage.owns(&[acme(7), labs]);
    assert_eq!(stage.show(jane).await, None);
    add_group(service, jane, ACME, HUB, ("organisation:8", "auditor")).await.unwrap();
    let there = stage.sign_in_by(HUB, bob(&[TEAM, "organisation:8"])).await.unwrap();
    assert_eq!(stage.role(&there).await, Some(MemberRole::Developer));
    remove_github(service, jane, ACME, HUB, "acme").await.unwrap();
    assert_eq!(stage.role(&there).await, None, "until they show that they belong");
    let there = stage.sign_in_by(HUB, bob(&[TEAM, "organisation:8"])).await.unwrap();
    assert_eq!(stage.role(&there).await, Some(MemberRole::Auditor));
    // One that nobody has shown keeps nobody in.
    add_github(service, jane, ACME, HUB, "never").await.unwrap();
    remove_github(service, jane, ACME, HUB, "labs").await.unwrap();
    assert_eq!(stage.portal.count("select count(*) from member where provider is not null").await, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_has_not_come_for_a_month_is_no_member_any_more(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    let (worker, ids) = (&stage.portal.worker, &stage.portal.service.ids);
    for (days, gone) in [("29 days", 0), ("31 days", 1)] {
        sqlx::query("update member set vouched_at = now() - $1::interval where provider is not null")
            .bind(days)
            .execute(&stage.portal.owner)
            .await
            .unwrap();
        assert_eq!(crate::background::cleanup::end_lapsed(worker, ids).await.unwrap(), gone, "{days}");
    }
    assert_eq!(stage.portal.count("select count(*) from member").await, 1, "Jane stays");
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'member.lapse'").await, 1);
}
