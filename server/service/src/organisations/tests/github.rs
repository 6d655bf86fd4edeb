use super::*;
use crate::{context::requester::Requester, tenants};
use innkeeper_domain::identity::{GitHubLogin, GitHubOrganisation, GitHubTeam};

pub(super) const HUB: &str = "hub";
pub(super) const TEAM: &str = "team:7/1";

pub(super) fn acme(number: i64) -> GitHubOrganisation {
    let teams = vec![GitHubTeam { number: 1, name: "Ops".into() }];
    GitHubOrganisation { number, login: GitHubLogin::parse("acme").unwrap(), teams }
}

pub(super) fn bob(groups: &[&str]) -> Facts {
    says("bob", "bob@home.example", groups)
}

impl Stage {
    /// Jane's organisation, at a portal whose operator has a provider with organisations.
    pub(super) async fn with_hub(pool: &PgPool) -> Self {
        let mut stage = Self::open(pool).await;
        stage.owns(&[]);
        stage.operators(HUB);
        stage
    }

    /// With Acme there shown to be hers, whose operations team become developers.
    pub(super) async fn shown(pool: &PgPool) -> Self {
        let stage = Self::with_hub(pool).await;
        add_github(&stage.portal.service, &stage.jane, ACME, HUB, "Acme").await.unwrap();
        stage.owns(&[acme(7)]);
        assert_eq!(stage.show(&stage.jane).await, None);
        add_group(&stage.portal.service, &stage.jane, ACME, HUB, (TEAM, "developer")).await.unwrap();
        stage
    }

    pub(super) fn owns(&self, owned: &[GitHubOrganisation]) {
        *self.told.owned.lock().unwrap() = Some(owned.to_vec());
    }

    /// Goes there to show what is theirs; why nothing is.
    pub(super) async fn show(&self, person: &Requester) -> Option<Reason> {
        match self.back_by(HUB, person, Purpose::Own, bob(&[])).await.unwrap() {
            Answered::Owned(_, refused) => refused,
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn role(&self, person: &Requester) -> Option<MemberRole> {
        match tenants::open(&self.portal.service, person, SHOP).await {
            Ok(tenant) => Some(tenant.role),
            Err(Error::NotFound) => None,
            Err(error) => panic!("{error:?}"),
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_its_owner_who_named_it_shows_it(pool: PgPool) {
    let stage = Stage::with_hub(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let mia = stage.portal.person("mia@acme.example").await;
    let here = tenants::open(service, jane, SHOP).await.unwrap().organisation_id;
    member(&stage.portal, here, &mia, "admin").await;
    for wrong in ["", "a/b", "../x", "https://github.com/acme"] {
        let refused = code(add_github(service, jane, ACME, HUB, wrong).await);
        assert_eq!(refused.as_str(), "invalid_github_login");
    }
    assert!(matches!(add_github(service, jane, ACME, "mail", "acme").await, Err(Error::NotFound)));
    add_github(service, jane, ACME, HUB, " ACME ").await.unwrap();
    let early = rejection(add_group(service, jane, ACME, HUB, ("organisation:7", "admin")).await);
    assert_eq!(early, (Field::Group, InputCode::UnknownChoice.into()));

    assert_eq!(stage.show(jane).await, Some(Reason::Owner), "she owns nothing there");
    stage.owns(&[acme(7)]);
    assert_eq!(stage.show(&mia).await, Some(Reason::Owner), "it was not Mia who named it");
    assert_eq!(stage.show(jane).await, None);
    let line = identity(service, jane, ACME).await.unwrap().github.remove(0);
    let groups: Vec<_> = line.groups.iter().map(|one| (one.group.as_str(), one.team.as_deref())).collect();
    assert!(line.shown_at.is_some() && line.login.as_str() == "acme");
    assert_eq!(groups, [("organisation:7", None), (TEAM, Some("Ops"))]);
    for wrong in ["organisation:8", "team:8/1", "*", ""] {
        let refused = rejection(add_group(service, jane, ACME, HUB, (wrong, "admin")).await);
        assert_eq!(refused, (Field::Group, InputCode::UnknownChoice.into()));
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

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn who_is_no_admin_any_more_shows_nothing(pool: PgPool) {
    let stage = Stage::with_hub(&pool).await;
    add_github(&stage.portal.service, &stage.jane, ACME, HUB, "acme").await.unwrap();
    stage.portal.change("update member set role = 'developer'").await;
    stage.owns(&[acme(7)]);
    assert_eq!(stage.show(&stage.jane).await, Some(Reason::Owner));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn teams_make_members_and_take_it_back(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let service = &stage.portal.service;
    for none in [&["organisation:7"][..], &["organisation:7", "team:7/2"], &["team:8/1"], &["*"], &[]] {
        let there = stage.sign_in_by(HUB, bob(none)).await.unwrap();
        assert_eq!(stage.role(&there).await, None, "{none:?}");
    }
    let first = stage.sign_in_by(HUB, bob(&["organisation:7", TEAM])).await.unwrap();
    assert_eq!(stage.role(&first).await, Some(MemberRole::Developer));
    add_group(service, &stage.jane, ACME, HUB, ("organisation:7", "admin")).await.unwrap();
    let second = stage.sign_in_by(HUB, bob(&["organisation:7", TEAM])).await.unwrap();
    assert_eq!(stage.role(&second).await, Some(MemberRole::Admin));

    // They are let into the portal as ever, and out of the organisation, wherever they are.
    let third = stage.sign_in_by(HUB, bob(&[])).await.unwrap();
    for there in [first, second, third] {
        assert_eq!(stage.role(&there).await, None);
        let now = session::requester_of(service, there.known_session(), there.browser().unwrap().address)
            .await
            .unwrap();
        assert!(now.account.is_some());
    }
    let told =
        "select count(*) from audit_event where action in ('member.join', 'member.change', 'member.leave')
        and organisation_id is not null";
    assert_eq!(stage.portal.count(told).await, 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn nobody_shows_it_for_another_account_or_by_an_organisations_way(pool: PgPool) {
    let stage = Stage::with_hub(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    add_github(service, jane, ACME, HUB, "acme").await.unwrap();
    stage.owns(&[acme(7)]);
    *stage.told.facts.lock().unwrap() = Some(bob(&[]));
    oidc::leave(service, jane, HUB, Purpose::Own, "/t").await.unwrap();
    let state = stage.told.asked.lock().unwrap().as_ref().unwrap().state.expose().to_owned();
    let query = [("state".to_owned(), state), ("code".to_owned(), "good".to_owned())];
    // Somebody else has signed in to the same browser meanwhile.
    let mut mia = stage.portal.person("mia@acme.example").await;
    mia.via = jane.via.clone();
    let outcome = oidc::answer(service, &mia, HUB, &query).await;
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
    let mut own = jane.clone();
    own.account.as_mut().unwrap().way = "org-abcdefghjk".into();
    let foreign = code(oidc::leave(service, &own, HUB, Purpose::Own, "/t").await);
    assert_eq!(foreign, SignInCode::OrganisationSignIn.into());
    assert_eq!(
        stage.portal.count("select count(*) from organisation_github where shown_at is not null").await,
        0
    );
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_new_name_there_takes_the_place_of_the_old_one(pool: PgPool) {
    let stage = Stage::shown(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let renamed = GitHubOrganisation { login: GitHubLogin::parse("acme-new").unwrap(), ..acme(7) };
    stage.owns(&[renamed]);
    assert_eq!(stage.show(jane).await, Some(Reason::Owner), "nothing is called acme there");
    add_github(service, jane, ACME, HUB, "acme-new").await.unwrap();
    assert_eq!(stage.show(jane).await, None);
    let lines = identity(service, jane, ACME).await.unwrap().github;
    let names: Vec<_> = lines.iter().map(|line| line.login.as_str()).collect();
    assert_eq!(names, ["acme-new"]);
    assert_eq!(lines[0].groups[1].role, Some(MemberRole::Developer), "what its teams make of people stays");
}
