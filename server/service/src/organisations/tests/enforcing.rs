use super::*;
use crate::tenants;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn whoever_closes_the_door_has_the_key(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let no = async || code(enforce(service, jane, ACME, &[]).await);
    assert_eq!(no().await, OrganisationCode::OwnMethodCloses.into());
    save_issuer(service, jane, ACME, &form()).await.unwrap();
    assert_eq!(no().await, OrganisationCode::DomainNeeded.into());
    stage.prove(DOMAIN).await;
    assert_eq!(no().await, OrganisationCode::TestNeeded.into());
    let tried = async |groups| {
        stage.back(jane, Purpose::Trial, says("jane", "jane@acme.example", groups)).await.unwrap();
        identity(service, jane, ACME).await.unwrap().trial.unwrap()
    };
    assert_eq!(tried(&["admins"]).await.refused.unwrap().0, Reason::Group);
    assert_eq!(no().await, OrganisationCode::TestNeeded.into());
    add_group(service, jane, ACME, "", ("devs", "developer")).await.unwrap();
    assert_eq!(tried(&["devs"]).await.role, Some(MemberRole::Developer));
    assert_eq!(no().await, OrganisationCode::TestedWithoutAdmin.into());
    add_group(service, jane, ACME, "", ("admins", "admin")).await.unwrap();
    tried(&["admins"]).await;
    assert_eq!(no().await, OrganisationCode::NotLinked.into());
    stage.link_and_try().await;
    save_issuer(service, jane, ACME, &IssuerForm { label: "Other".into(), ..form() }).await.unwrap();
    assert!(!identity(service, jane, ACME).await.unwrap().trial.unwrap().current);
    assert_eq!(no().await, OrganisationCode::TestNeeded.into(), "what was tried is not what is enforced");
    stage.link_and_try().await;
    enforce(service, jane, ACME, &["mail".into(), "nonsense".into()]).await.unwrap();
    let view = identity(service, jane, ACME).await.unwrap();
    assert_eq!(
        view.ways.iter().filter(|way| way.open).map(|way| way.id.as_str()).collect::<Vec<_>>(),
        ["mail"]
    );
    let renewed = IssuerForm { client_secret: "a newer one".into(), ..form() };
    save_issuer(service, jane, ACME, &renewed).await.unwrap();
    let own = stage.sign_in(says("jane", "jane@acme.example", &["admins"])).await.unwrap();
    let other = IssuerForm { client_id: "other".into(), ..form() };
    let shut = OrganisationCode::LocksEverybodyOut.into();
    assert_eq!(code(save_issuer(service, &own, ACME, &other).await), shut);
    // An audience more shuts nobody out; one less could.
    let trusting = IssuerForm { trusted_audiences: "project".into(), ..form() };
    save_issuer(service, &own, ACME, &trusting).await.unwrap();
    assert_eq!(code(save_issuer(service, &own, ACME, &form()).await), shut);
    save_issuer(service, jane, ACME, &other).await.unwrap();
    save_issuer(service, jane, ACME, &form()).await.unwrap();
    let last = code(remove_domain(service, jane, ACME, DOMAIN).await);
    assert_eq!(last, OrganisationCode::LastProvenDomain.into());
    relax(service, jane, ACME).await.unwrap();
    remove_domain(service, jane, ACME, DOMAIN).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn other_ways_are_closed_for_this_organisation_and_no_other(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let beta = organisation(&stage.portal, "Beta").await;
    member(&stage.portal, beta, jane, "admin").await;
    tenant(&stage.portal, beta, jane, stage.server, "wiki_b2c3d4", "active").await;
    stage.link_and_try().await;
    enforce(service, jane, ACME, &[]).await.unwrap();
    assert!(matches!(tenants::open(service, jane, SHOP).await, Err(Error::NotFound)));
    assert!(matches!(relax(service, jane, ACME).await, Err(Error::NotFound)), "not by the closed way");
    tenants::open(service, jane, "wiki_b2c3d4").await.unwrap();
    let closed = closed(service, jane).await.unwrap();
    assert_eq!(closed.iter().map(|one| one.organisation.as_str()).collect::<Vec<_>>(), ["Acme"]);
    let bob = EmailAddress::parse("bob@acme.example").unwrap();
    assert_eq!(way_of(service, &bob).await.unwrap().unwrap().provider, closed[0].ways[0].provider);

    let own = stage.sign_in(says("jane", "jane@acme.example", &["admins"])).await.unwrap();
    assert_eq!(own.account.as_ref().unwrap().id, jane.account.as_ref().unwrap().id);
    tenants::open(service, &own, SHOP).await.unwrap();
    // Acme's admins decide whom Acme's issuer vouches for: it opens nothing of Beta, and changes nothing of the account.
    assert!(matches!(tenants::open(service, &own, "wiki_b2c3d4").await, Err(Error::NotFound)));
    let elsewhere = crate::organisations::closed(service, &own).await.unwrap();
    assert!(elsewhere.len() == 1 && elsewhere[0].organisation == "Beta" && elsewhere[0].ways.is_empty());
    let account = crate::sign_in::account::view(service, &own).await.unwrap();
    assert!(account.partly && account.ways.iter().all(|way| way.provider.starts_with("org-")));
    assert_eq!(account.sessions.len(), 1, "the browser by mail is none of Acme's business");
    crate::sign_in::account::end_others(service, &own).await.unwrap();
    let there =
        session::requester_of(service, jane.known_session(), jane.browser().unwrap().address).await.unwrap();
    assert!(there.account.is_some(), "nor is it theirs to end");
    let way = account.ways[0].id;
    for outcome in [
        crate::sign_in::account::remove(service, &own, way).await,
        crate::sign_in::email::ask_to_link(service, &own, "eve@evil.example").await,
        stage.back(&own, Purpose::Link, says("eve", "eve@acme.example", &[])).await.map(drop),
    ] {
        assert_eq!(code(outcome), SignInCode::OrganisationSignIn.into());
    }

    remove_issuer(service, &own, ACME).await.unwrap();
    let now =
        session::requester_of(service, own.known_session(), own.browser().unwrap().address).await.unwrap();
    assert_eq!(now.account, None, "who came by it is signed out");
    tenants::open(service, jane, SHOP).await.unwrap();
    assert_eq!(way_of(service, &bob).await.unwrap().map(|way| way.provider), None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn without_the_issuer_nobody_is_a_member_by_it_and_with_it_groups_count_again(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let bob = |groups: &[&str]| says("bob", "bob@acme.example", groups);
    let there = stage.sign_in(bob(&["admins"])).await.unwrap();
    let mut by_mail = there.clone();
    by_mail.account.as_mut().unwrap().way = "mail".into();
    remove_issuer(service, jane, ACME).await.unwrap();
    assert!(matches!(tenants::open(service, &by_mail, SHOP).await, Err(Error::NotFound)));
    save_issuer(service, jane, ACME, &form()).await.unwrap();
    assert_eq!(reason(stage.sign_in(bob(&[])).await), Reason::Group);
    assert_eq!(stage.portal.count("select count(*) from member").await, 1);

    let there = stage.sign_in(bob(&["admins"])).await.unwrap();
    stage.portal.change("delete from member where provider is null").await;
    assert_eq!(code(remove_issuer(service, &there, ACME).await).as_str(), "no_admin_left");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_kept_to_by_the_operators_ways_is_not_undone_by_an_issuer(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let enforced = "select count(*) from organisation_identity where enforced_at is not null";
    enforce(service, jane, ACME, &["mail".into()]).await.unwrap();
    add_domain(service, jane, ACME, "acmee.example").await.unwrap();
    remove_domain(service, jane, ACME, "acmee.example").await.unwrap();
    for issuer in ["https://issuer.exampel", "https://issuer.example"] {
        save_issuer(service, jane, ACME, &IssuerForm { issuer: issuer.into(), ..form() }).await.unwrap();
    }
    remove_issuer(service, jane, ACME).await.unwrap();
    assert_eq!(stage.portal.count(enforced).await, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_closed_way_adds_none_that_is_open(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    stage.operators("hub");
    stage.link_and_try().await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    enforce(service, jane, ACME, &["hub".into()]).await.unwrap();
    let mine = says("mine", "jane@acme.example", &[]);
    for outcome in [
        stage.back_by("hub", jane, Purpose::Link, mine.clone()).await.map(drop),
        crate::sign_in::email::ask_to_link(service, jane, "eve@evil.example").await,
    ] {
        assert_eq!(code(outcome), SignInCode::ClosedMethod { organisation: "Acme".into() }.into());
    }
    let mut by_hub = jane.clone();
    by_hub.account.as_mut().unwrap().way = "hub".into();
    crate::sign_in::email::ask_to_link(service, &by_hub, "jane@home.example").await.unwrap();
    stage.back_by("hub", &by_hub, Purpose::Link, mine).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn by_a_closed_way_the_issuer_has_to_mean_the_same_person(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    stage.link_and_try().await;
    enforce(service, jane, ACME, &[]).await.unwrap();
    let colleague = says("eve", "eve@acme.example", &["admins"]);
    assert_eq!(reason(stage.back(jane, Purpose::Link, colleague).await), Reason::Address);
    let herself = says("jane-2", "Jane@acme.example", &["admins"]);
    stage.back(jane, Purpose::Link, herself).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_last_way_in_that_is_open_stays(pool: PgPool) {
    let mut stage = Stage::ready(&pool).await;
    stage.operators("hub");
    let (service, jane) = (&stage.portal.service, &stage.jane);
    remove_issuer(service, jane, ACME).await.unwrap();
    let mine = says("mine", "jane@acme.example", &[]);
    let Answered::Vouched(vouched) = stage.back_by("hub", jane, Purpose::Link, mine.clone()).await.unwrap()
    else {
        panic!()
    };
    oidc::link(service, jane, *vouched).await.unwrap();
    let by_hub = stage.sign_in_by("hub", mine).await.unwrap();
    enforce(service, &by_hub, ACME, &["hub".into()]).await.unwrap();
    let ways = crate::sign_in::account::view(service, &by_hub).await.unwrap().ways;
    let hub = ways.iter().find(|way| way.provider == "hub").unwrap().id;
    let lost = crate::sign_in::account::remove(service, &by_hub, hub).await;
    assert_eq!(code(lost), SignInCode::NoAdminLeft { organisation: "Acme".into() }.into());
    // Nor does whoever reads the mailbox take away what is open.
    let closed = crate::sign_in::account::remove(service, jane, hub).await;
    assert_eq!(code(closed).as_str(), "closed_sign_in_method");
    relax(service, &by_hub, ACME).await.unwrap();
    crate::sign_in::account::remove(service, &by_hub, hub).await.unwrap();
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_way_that_is_taken_away_leaves_nobody_in_whomever_groups_let_in(pool: PgPool) {
    let stage = Stage::ready(&pool).await;
    let service = &stage.portal.service;
    add_group(service, &stage.jane, ACME, "", ("*", "developer")).await.unwrap();
    let there = stage.sign_in(says("bob", "bob@acme.example", &[])).await.unwrap();
    stage
        .portal
        .change(
            "insert into identity (id, account_id, provider, issuer, subject)
             select gen_random_uuid(), account_id, 'mail', 'mail', 'bob@home.example' from identity where starts_with(provider, 'org-')",
        )
        .await;
    let way = there.account.as_ref().unwrap().identity.unwrap();
    let mut by_mail = there.clone();
    by_mail.account.as_mut().unwrap().way = "mail".into();
    crate::sign_in::account::remove(service, &by_mail, way).await.unwrap();
    assert_eq!(stage.portal.count("select count(*) from member where provider is not null").await, 0);
    assert_eq!(stage.portal.count("select count(*) from audit_event where action = 'member.leave'").await, 1);
}
