//! The addresses of organisations: drawn at their creation, changed, and kept for a while after a change.

use super::*;
use crate::{organisations::OrganisationView, testing::denied};
use futures::future::join_all;
use innkeeper_domain::{
    organisation::{MemberRole, OrganisationName},
    organisation_slug::OrganisationSlug,
};

async fn slugs(stage: &Stage) -> Vec<String> {
    let slugs = sqlx::query_scalar("select slug from organisation order by slug");
    slugs.fetch_all(&stage.portal.owner).await.unwrap()
}

/// Somebody else makes an organisation of this name.
async fn made(stage: &Stage, name: &str, person: &Requester) -> OrganisationView {
    let name = OrganisationName::parse(name).unwrap();
    let mut tx = stage.portal.service.pool.begin().await.unwrap();
    let account = person.signed_in().unwrap().id;
    let id = create(&stage.portal.service, &mut tx, &name, account).await.unwrap();
    tx.commit().await.unwrap();
    let mine = list(&stage.portal.service, person, "", "", "").await.unwrap().items;
    let views = mine.iter().map(|line| open(&stage.portal.service, person, line.slug.as_str()));
    join_all(views).await.into_iter().map(Result::unwrap).find(|view| view.id == id).unwrap()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn organisations_of_one_name_that_are_made_at_once_get_addresses_of_their_own(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let mut people = Vec::new();
    for number in 0..8 {
        people.push(stage.portal.person(&format!("p{number}@many.example")).await);
    }
    join_all(people.iter().map(|person| made(&stage, "Acme", person))).await;
    let slugs = slugs(&stage).await;
    assert_eq!(slugs.len(), 9);
    assert_eq!(slugs[0], ACME, "the first has the bare name");
    assert!(slugs[1..].iter().all(|slug| slug.starts_with("acme-") && slug.len() == 10), "{slugs:?}");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_address_before_leads_to_the_present_one_for_90_days(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let eve = stage.portal.person("eve@evil.example").await;
    let evil = made(&stage, "Evil", &eve).await.slug;
    assert_eq!(rename_slug(service, jane, ACME, ACME).await.unwrap().as_str(), ACME, "it has it already");
    assert_eq!(rename_slug(service, jane, ACME, " robots ").await.unwrap().as_str(), "robots");
    for slug in [ACME, "robots"] {
        let view = open(service, jane, slug).await.unwrap();
        assert_eq!((view.slug.as_str(), view.name.as_str()), ("robots", "Acme"));
        assert!(matches!(open(service, &eve, slug).await, Err(Error::NotFound)), "{slug}");
    }
    let again = code(rename_slug(service, jane, ACME, "acme-2").await);
    assert_eq!(again, OrganisationCode::SlugChanged { slug: "robots".into() }.into());
    assert_eq!(rename_slug(service, jane, ACME, "robots").await.unwrap().as_str(), "robots", "pressed twice");
    // A form of a page from before the change still means the same organisation.
    add_domain(service, jane, ACME, DOMAIN).await.unwrap();
    let taken = async |slug: &str| code(rename_slug(service, &eve, evil.as_str(), slug).await);
    assert_eq!(taken("robots").await.as_str(), "slug_taken");
    assert_eq!(taken(ACME).await.as_str(), "slug_taken", "nor is the one before free meanwhile");
    assert!(made(&stage, "Acme", &eve).await.slug.as_str().starts_with("acme-"));

    stage.portal.change("update organisation_former_slug set until = now()").await;
    assert!(matches!(open(service, jane, ACME).await, Err(Error::NotFound)));
    rename_slug(service, &eve, evil.as_str(), ACME).await.unwrap();
    assert_eq!(open(service, &eve, ACME).await.unwrap().name, "Evil");
    // And given up again by who had it since.
    rename_slug(service, &eve, ACME, evil.as_str()).await.unwrap();
    assert!(matches!(open(service, jane, ACME).await, Err(Error::NotFound)));
    assert_eq!(open(service, &eve, ACME).await.unwrap().slug, evil);
    let told = "select count(*) from audit_event where action = 'organisation.slug' and tenant_id is null
        and subject in ('Acme', 'Evil') and detail ? 'from' and detail ? 'to'";
    assert_eq!(stage.portal.count(told).await, 3);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_address_given_up_is_not_caught_in_that_moment(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let eve = stage.portal.person("eve@evil.example").await;
    let evil = made(&stage, "Evil", &eve).await.slug;
    for round in 0..4 {
        let (from, to) = if round % 2 == 0 { (ACME, "robots") } else { ("robots", ACME) };
        let (given, caught) = tokio::join!(
            rename_slug(service, jane, from, to),
            rename_slug(service, &eve, evil.as_str(), from)
        );
        assert_eq!(given.unwrap().as_str(), to);
        assert_eq!(code(caught).as_str(), "slug_taken");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_admins_with_a_fresh_sign_in_change_an_address(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let (service, jane) = (&stage.portal.service, &stage.jane);
    let dave = stage.portal.person("dave@acme.example").await;
    let acme = open(service, jane, ACME).await.unwrap();
    assert!(acme.role == MemberRole::Admin && acme.members == 1);
    member(&stage.portal, acme.id, &dave, "developer").await;
    assert_eq!(open(service, &dave, ACME).await.unwrap().members, 2);
    assert!(denied(&rename_slug(service, &dave, ACME, "robots").await, true));
    let mut stale = jane.clone();
    stale.account.as_mut().unwrap().fresh = false;
    assert!(matches!(rename_slug(service, &stale, ACME, "robots").await, Err(Error::StaleSignIn)));
    for wrong in ["staff", "ab", "My Robots"] {
        assert_eq!(code(rename_slug(service, jane, ACME, wrong).await).as_str(), "invalid_slug", "{wrong}");
    }
    assert_eq!(slugs(&stage).await, [ACME]);
    // Who changes it again and again does not keep ever more addresses from others.
    let mut slug = ACME.to_owned();
    for number in 1..=5 {
        slug = rename_slug(service, jane, &slug, &format!("robots-{number}")).await.unwrap().to_string();
    }
    let often = code(rename_slug(service, jane, &slug, "robots-6").await);
    assert_eq!(often, OrganisationCode::SlugChangedTooOften { most: 5 }.into());
    assert_eq!(rename_slug(service, jane, &slug, ACME).await.unwrap().as_str(), ACME, "back is possible");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_list_has_ones_own_organisations_only_with_search_and_pages(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    let service = &stage.portal.service;
    let eve = stage.portal.person("eve@evil.example").await;
    for number in 0..21 {
        made(&stage, &format!("Evil {number:02}"), &eve).await;
    }
    let mine = list(service, &stage.jane, "", "", "").await.unwrap();
    assert_eq!((mine.total, mine.items[0].slug.as_str(), mine.items[0].databases), (1, ACME, 1));
    for (sort, first, last) in [("", "Evil 20", "Evil 00"), ("name", "Evil 00", "Evil 20")] {
        let page = list(service, &eve, "evil", sort, "").await.unwrap();
        assert_eq!((page.total, page.items.len(), page.items[0].name.as_str()), (21, 20, first));
        let rest = list(service, &eve, "evil", sort, &page.next.unwrap()).await.unwrap();
        assert_eq!((rest.items.len(), rest.items[0].name.as_str(), rest.next), (1, last, None));
    }
    assert_eq!(list(service, &eve, "evil-07", "", "").await.unwrap().items[0].name, "Evil 07");
    assert_eq!(list(service, &eve, "acme", "", "nonsense").await.unwrap().total, 0);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn an_earlier_version_beside_this_one_can_still_make_organisations(pool: PgPool) {
    let stage = Stage::open(&pool).await;
    stage.portal.change("insert into organisation (id, name) values (gen_random_uuid(), 'Earlier')").await;
    for slug in slugs(&stage).await {
        OrganisationSlug::parse(&slug).unwrap();
    }
}
