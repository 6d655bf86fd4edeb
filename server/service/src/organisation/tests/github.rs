use super::*;
use innkeeper_domain::identity::{GitHubLogin, GitHubOrganisation, GitHubTeam};

const HUB: &str = "hub";
const TEAM: &str = "team:7/1";

fn acme(number: i64) -> GitHubOrganisation {
    let teams = vec![GitHubTeam { number: 1, name: "Ops".into() }];
    GitHubOrganisation { number, login: GitHubLogin::parse("acme").unwrap(), teams }
}

fn bob(groups: &[&str]) -> Facts {
    says("bob", "bob@home.example", groups)
}

impl Stage {
    /// Jane's organisation, at a portal whose operator has a provider with organisations.
    async fn with_hub(pool: &PgPool) -> Self {
        let mut stage = Self::open(pool).await;
        stage.owns(&[]);
        stage.operators(HUB);
        stage
    }

    /// With Acme there shown to be hers, whose operations team become developers.
    async fn shown(pool: &PgPool) -> Self {
        let stage = Self::with_hub(pool).await;
        add_github(&stage.portal.service, &stage.jane, SHOP, HUB, "Acme").await.unwrap();
        stage.owns(&[acme(7)]);
        assert_eq!(stage.show(&stage.jane).await, None);
        add_group(&stage.portal.service, &stage.jane, SHOP, HUB, (TEAM, "developer")).await.unwrap();
        stage
    }

    fn owns(&self, owned: &[GitHubOrganisation]) {
        *self.told.owned.lock().unwrap() = Some(owned.to_vec());
    }

    /// Goes there to show what is theirs; why nothing is.
    async fn show(&self, person: &Visitor) -> Option<Reason> {
        match self.back_by(HUB, person, Purpose::Own, bob(&[])).await.unwrap() {
            Answered::Owned(_, refused) => refused,
            other => panic!("{other:?}"),
        }
    }

    async fn role(&self, person: &Visitor) -> Option<MemberRole> {
        match tenants::open(&self.portal.service, person, SHOP).await {
            Ok(tenant) => Some(tenant.role),
            Err(Error::NotFound) => None,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn only_its_owner_who_named_it_shows_it(pool: PgPool) {
    let stage = Stage::with_hub(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let mia = stage.portal.person("mia@acme.example").await;
    let here = tenants::open(service, jane, SHOP).await.unwrap().organisation_id;
    member(&stage.portal, here, &mia, "admin").await;
    for wrong in ["", "a/b", "../x", "https://github.com/acme"] {
        assert!(
            mistake(add_github(service, jane, SHOP, HUB, wrong).await).contains("no name of an organisation")
        );
    }
    assert!(matches!(add_github(service, jane, SHOP, "mail", "acme").await, Err(Error::NotFound)));
    add_github(service, jane, SHOP, HUB, " ACME ").await.unwrap();
    assert!(
        mistake(add_group(service, jane, SHOP, HUB, ("organisation:7", "admin")).await)
            .contains("Choose who")
    );

    assert_eq!(stage.show(jane).await, Some(Reason::Owner), "she owns nothing there");
    stage.owns(&[acme(7)]);
    assert_eq!(stage.show(&mia).await, Some(Reason::Owner), "it was not Mia who named it");
    assert_eq!(stage.show(jane).await, None);
    let line = identity(service, jane, SHOP).await.unwrap().github.remove(0);
    let groups: Vec<_> = line.groups.iter().map(|one| (one.group.as_str(), one.team.as_deref())).collect();
    assert!(line.shown_at.is_some() && line.login.as_str() == "acme");
    assert_eq!(groups, [("organisation:7", None), (TEAM, Some("Ops"))]);
    for wrong in ["organisation:8", "team:8/1", "*", ""] {
        assert!(mistake(add_group(service, jane, SHOP, HUB, (wrong, "admin")).await).contains("Choose who"));
    }

    // Its name was given to somebody else there.
    stage.owns(&[acme(8)]);
    assert_eq!(stage.show(jane).await, Some(Reason::Owner));
    let told =
        "select count(*) from audit_event where action = 'github.show' and organisation_id is not null";
    assert_eq!(stage.portal.count(told).await, 1);
    let refused =
        "select count(*) from audit_event where action = 'sign_in.refused' and detail->>'reason' = 'owner'";
    assert_eq!(stage.portal.count(refused).await, 3);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn who_is_no_admin_any_more_shows_nothing(pool: PgPool) {
    let stage = Stage::with_hub(&pool).await;
    add_github(&stage.portal.service, &stage.jane, SHOP, HUB, "acme").await.unwrap();
    stage.portal.change("update member set role = 'developer'").await;
    stage.owns(&[acme(7)]);
    assert_eq!(stage.show(&stage.jane).await, Some(Reason::Owner));
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn teams_make_members_and_take_it_back(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    for none in [&["organisation:7"][..], &["organisation:7", "team:7/2"], &["team:8/1"], &["*"], &[]] {
        let there = stage.sign_in_by(HUB, bob(none)).await.unwrap();
        assert_eq!(stage.role(&there).await, None, "{none:?}");
    }
    let first = stage.sign_in_by(HUB, bob(&["organisation:7", TEAM])).await.unwrap();
    assert_eq!(stage.role(&first).await, Some(MemberRole::Developer));
    add_group(service, &stage.jane, SHOP, HUB, ("organisation:7", "admin")).await.unwrap();
    let second = stage.sign_in_by(HUB, bob(&["organisation:7", TEAM])).await.unwrap();
    assert_eq!(stage.role(&second).await, Some(MemberRole::Admin));

    // They are let into the portal as ever, and out of the organisation, wherever they are.
    let third = stage.sign_in_by(HUB, bob(&[])).await.unwrap();
    for there in [first, second, third] {
        assert_eq!(stage.role(&there).await, None);
        let now = session::visitor(service, there.session, there.address).await.unwrap();
        assert!(now.account.is_some());
    }
    let told =
        "select count(*) from audit_event where action in ('member.join', 'member.change', 'member.leave')
        and organisation_id is not null";
    assert_eq!(stage.portal.count(told).await, 3);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
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

#[sqlx::test(migrator = "store::MIGRATIONS")]
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

#[sqlx::test(migrator = "store::MIGRATIONS")]
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
    let ways = crate::account::view(service, &there).await.unwrap().ways;
    let way = ways.iter().find(|way| way.provider == HUB).unwrap().id;
    crate::account::remove(service, &there, way).await.unwrap();
    assert_eq!(stage.portal.count("select count(*) from member where provider is not null").await, 0);
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'member.leave'").await, 1);
    let now = session::visitor(service, there.session, there.address).await.unwrap();
    assert_eq!(now.account, None, "signed out of what came that way");
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn taken_away_it_makes_nobody_a_member_any_more(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    // A team that is gone there is still said to be one as long as it makes somebody something.
    stage.owns(&[GitHubOrganisation { teams: vec![], ..acme(7) }]);
    assert_eq!(stage.show(jane).await, None);
    let groups = identity(service, jane, SHOP).await.unwrap().github.remove(0).groups;
    assert_eq!(groups.iter().map(|one| one.group.as_str()).collect::<Vec<_>>(), ["organisation:7", TEAM]);
    for _ in 0..2 {
        remove_github(service, jane, SHOP, HUB, "acme").await.unwrap();
    }
    assert_eq!(stage.role(&there).await, None, "at once");
    assert_eq!(stage.portal.count("select count(*) from organisation_group").await, 0);
    let again = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&again).await, None);
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn the_last_admin_is_not_lost_by_it(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    add_group(service, &stage.jane, SHOP, HUB, ("organisation:7", "admin")).await.unwrap();
    let there = stage.sign_in_by(HUB, bob(&["organisation:7"])).await.unwrap();
    stage.portal.change("delete from member where provider is null").await;
    let outcome = remove_github(service, &there, SHOP, HUB, "acme").await;
    assert!(mistake(outcome).contains("nobody would be left"));
    assert_eq!(stage.role(&there).await, Some(MemberRole::Admin), "nothing has changed");
}

#[sqlx::test(migrator = "store::MIGRATIONS")]
async fn ways_are_closed_without_an_own_one_as_long_as_the_admins_stays_open(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    assert!(mistake(enforce(service, jane, SHOP, &[HUB.into()]).await).contains("would be closed"));
    enforce(service, jane, SHOP, &["mail".into()]).await.unwrap();
    assert_eq!(stage.role(jane).await, Some(MemberRole::Admin));
    let there = stage.sign_in_by(HUB, bob(&[TEAM])).await.unwrap();
    assert_eq!(stage.role(&there).await, None);
    assert!(closed(service, &there).await.unwrap().remove(0).ways.is_empty(), "no way is both");
    enforce(service, jane, SHOP, &["mail".into(), HUB.into()]).await.unwrap();
    assert_eq!(stage.role(&there).await, Some(MemberRole::Developer));
}
