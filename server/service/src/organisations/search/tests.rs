use super::*;
use crate::{
    context::field_error::ErrorCode,
    db,
    organisations::{Relaxed, relax},
    tenants::{
        self,
        fixtures::{House, SHOP, member, organisation},
    },
    testing::rejection,
};
use sqlx::PgPool;

const CLOSED: &str = "insert into organisation_identity (organisation_id, provider, kind, label, issuer, client_id, groups_claim,
    enforced_at, open_ways)
    select id, 'org-k3v9x2k3v9', 'oidc', 'Acme SSO', 'https://issuer.example', 'portal', 'groups', now(), '{passkey}'
    from organisation where name = 'Acme Robotics'";
const RELEASED: &str =
    "select count(*) from audit_event where action = 'identity.release' and actor = 'command line'
    and actor_kind = 'operator' and organisation_id = (select organisation_id from organisation_identity)
    and detail = '{\"open\": [\"passkey\"]}'";

async fn ask(house: &House, who: &str) -> Result<Relaxed> {
    relax(&house.portal.operator(), &Requester::OPERATOR, who).await
}

async fn all(house: &House, text: &str) -> (Vec<OrganisationLine>, i64) {
    search(&house.portal.operator(), &Requester::OPERATOR, text).await.unwrap()
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn who_is_shut_out_is_let_in_again(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    assert_eq!(house.portal.change(CLOSED).await, 1);
    let service = &house.portal.service;
    assert!(matches!(tenants::open(service, &house.jane, SHOP).await, Err(Error::NotFound)));
    let opened = ask(&house, " acme robotics ").await.unwrap();
    assert_eq!((opened.id, opened.was_open), (house.acme, Some(vec!["passkey".into()])));
    tenants::open(service, &house.jane, SHOP).await.unwrap();
    let left = "select count(*) from organisation_identity where enforced_at is null and open_ways = '{}' and kind = 'oidc'";
    assert_eq!((house.portal.count(RELEASED).await, house.portal.count(left).await), (1, 1));
    let again = ask(&house, &house.acme.to_string()).await.unwrap();
    assert_eq!(again.was_open, None);
    assert_eq!(house.portal.count(RELEASED).await, 1, "nothing was done the second time");
}

fn several(outcome: Result<Relaxed>) -> (Vec<FoundOrganisation>, i64) {
    match rejection(outcome) {
        (
            Field::Organisation,
            ErrorCode::Organisation(OrganisationCode::SeveralOrganisations { found, total }),
        ) => (found, total),
        other => panic!("{other:?}"),
    }
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn a_name_that_several_have_means_none_of_them(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.portal.change(CLOSED).await;
    // A customer may call theirs by another one's id.
    let namesake = organisation(&house.portal, "ACME Robotics").await;
    let liar = organisation(&house.portal, &house.acme.to_string()).await;
    let (found, total) = several(ask(&house, "Acme Robotics").await);
    let theirs = FoundOrganisation { id: house.acme, databases: 1, enforced: true };
    let other = FoundOrganisation { id: namesake, databases: 0, enforced: false };
    assert_eq!((found, total), (vec![theirs, other], 2));
    for unknown in ["", "Acme", "or_1", &liar.to_string()[..20], "%", "a\nb"] {
        assert!(matches!(ask(&house, unknown).await, Err(Error::NotFound)), "{unknown:?}");
    }
    assert_eq!(house.portal.count(RELEASED).await, 0);
    assert_eq!(ask(&house, &house.acme.to_string()).await.unwrap().id, house.acme);
    assert_eq!(house.portal.count(RELEASED).await, 1);
    for _ in 0..22 {
        organisation(&house.portal, "Many").await;
    }
    let (found, total) = several(ask(&house, "many").await);
    assert_eq!((found.len(), total), (20, 22));
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn they_are_listed_with_what_is_closed_first(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let joe = house.portal.person("joe@acme.example").await;
    member(&house.portal, house.acme, &joe, "developer").await;
    for name in ["Zeta", "aardvark"] {
        organisation(&house.portal, name).await;
    }
    house.portal.change(CLOSED).await;
    let (lines, total) = all(&house, "").await;
    let names: Vec<_> = lines.iter().map(|line| line.name.as_str()).collect();
    assert_eq!((names.as_slice(), total), (&["Acme Robotics", "aardvark", "Zeta"][..], 3));
    let acme = &lines[0];
    assert_eq!((acme.members, acme.admins, acme.databases), (2, 1, 1));
    assert!(acme.closed_since.is_some() && lines[1].closed_since.is_none() && lines[1].open_ways.is_empty());
    let (found, total) = all(&house, "zet").await;
    assert_eq!((found.len(), total), (1, 1));
    assert_eq!(all(&house, "%").await.1, 0, "a sign of ILIKE stands for itself");
}

/// What was changed and what is said of it stand or fall together.
#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn what_cannot_be_recorded_is_not_done(pool: PgPool) {
    let house = House::open(&pool).await;
    house.portal.change(CLOSED).await;
    house.portal.change("alter table audit_event add check (action <> 'identity.release') not valid").await;
    ask(&house, "Acme Robotics").await.unwrap_err();
    let closed = "select count(*) from organisation_identity where enforced_at is not null and open_ways = '{passkey}'";
    assert_eq!(house.portal.count(closed).await, 1);
}
