use super::*;
use crate::{
    context::field_error::Field,
    db,
    tenants::{
        fixtures::{House, SHOP, run},
        lifecycle, onboarding,
        request::{self, Draft},
    },
    testing::{TestPortal, rejection, shortage},
};
use futures::future::join_all;
use innkeeper_domain::tenant::TenantState;
use sqlx::PgPool;

fn draft(organisation: &str) -> Draft {
    Draft {
        organisation: organisation.into(),
        database: "shop".into(),
        plan: "starter".into(),
        region: "eu1".into(),
        addresses: "203.0.113.7".into(),
        allow_any: String::new(),
        extensions: vec![],
    }
}

const LEFT_BEHIND: &str = "select count(*) from organisation o
    where not exists (select from reservation r where r.organisation_id = o.id)";

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn of_fifty_who_press_at_once_as_many_are_accepted_as_there_is_room_for(pool: PgPool) {
    let portal = TestPortal::open(&pool).await;
    portal.server("eu1", 12).await;
    // The connections of the second one are enough for eight more.
    portal.server("eu1", 1000).await;
    portal
        .change("update server set connections = 8, connection_overcommit = 50 where max_tenants = 1000")
        .await;
    let presses = join_all((0..50).map(async |at| {
        let person = portal.person(&format!("person{at}@company.example")).await;
        request::save(&portal.service, &person, &draft(&format!("Company {at}"))).await.unwrap();
        let shown = request::propose(&portal.service, &person).await.unwrap();
        (person, shown.request.to_string(), shown.version.to_string())
    }))
    .await;
    let accept = presses
        .iter()
        .map(|(person, request, version)| request::accept(&portal.service, person, request, version));
    let (accepted, refused): (Vec<_>, Vec<_>) = join_all(accept).await.into_iter().partition(Result::is_ok);
    assert_eq!((accepted.len(), refused.len()), (20, 30));
    for refused in refused {
        let (field, code) = rejection(refused);
        let told = shortage(&code);
        assert_eq!(field, Field::Region);
        assert!(
            told.contains("12 of 12 databases") || told.contains("needs 50, 0 of 400 are free"),
            "{told}"
        );
        assert!(told.contains("Staff can"), "{told}");
    }
    for (table, sql) in [
        ("tenants", "select count(*) from tenant where server_id is not null"),
        ("runs", "select count(*) from run where kind = 'onboard'"),
        (
            "places",
            "select count(*) from reservation where (connections, storage_gb, memory_mb) = (50, 10, 700)",
        ),
        ("accepted requests", "select count(*) from request where tenant_name is not null"),
    ] {
        assert_eq!(portal.count(sql).await, 20, "{table}");
    }
    assert_eq!(portal.count(LEFT_BEHIND).await, 0, "a refusal leaves nothing behind");
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn who_tries_again_reserves_again(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.tenant(SHOP, "failed").await;
    run(&house.portal, house.acme, shop, "onboard", "failed").await;
    house.portal.change("update tenant set server_id = null").await;
    house.portal.change("update server set max_tenants = 0").await;
    let service = &house.portal.service;
    let (field, code) = rejection(onboarding::retry(service, &house.jane, SHOP).await);
    assert!(field == Field::Region && shortage(&code).contains("0 of 0 databases"), "{code:?}");
    assert_eq!(house.portal.count("select count(*) from run").await, 1);
    assert_eq!(house.portal.count("select count(*) from reservation").await, 0);
    house.portal.change("update server set max_tenants = 1").await;
    onboarding::retry(service, &house.jane, SHOP).await.unwrap();
    assert_eq!(house.portal.count("select count(*) from reservation").await, 1);
    let on = onboarding::view(service, &house.jane, SHOP).await.unwrap().tenant;
    assert_eq!((on.state, on.server), (TenantState::Provisioning, Some(house.server_id)));
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn another_plan_is_reserved_when_it_is_accepted(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let (service, jane) = (&house.portal.service, &house.jane);
    house
        .portal
        .change(
            "insert into reservation select id, organisation_id, server_id, 50, now(), 10, 700 from tenant",
        )
        .await;
    house.portal.change("update server set connections = 99, connection_overcommit = 1").await;
    let told = "needs 100, 99 of 99 are free. Keep your plan";
    let offers = lifecycle::plans(service, jane, SHOP).await.unwrap().offers;
    assert!(offers[1].refused.as_ref().is_some_and(|refused| shortage(refused).contains(told)), "{offers:?}");
    let (field, code) = rejection(lifecycle::change_plan(service, jane, SHOP, "professional").await);
    assert!(field == Field::Plan && shortage(&code).contains(told), "{code:?}");
    assert_eq!(house.portal.count("select connections::bigint from reservation").await, 50);
    house.portal.change("update server set connections = 100").await;
    lifecycle::change_plan(service, jane, SHOP, "professional").await.unwrap();
    let reserved =
        "select count(*) from reservation where (connections, storage_gb, memory_mb) = (100, 50, 1800)";
    assert_eq!(house.portal.count(reserved).await, 1);
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn a_page_reserves_for_its_own_people_and_gives_nothing_back(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let other = house.portal.person("olaf@other.example").await;
    let sql =
        "insert into reservation (tenant_id, organisation_id, server_id, connections, storage_gb, memory_mb)
        select $1, $2, $3, 1, 1, 1";
    let tenant: uuid::Uuid = sqlx::query_scalar("select id from tenant").fetch_one(&pool).await.unwrap();
    for (person, refused) in [(&other, true), (&house.jane, false)] {
        let mut tx = house.portal.begin_as(person).await;
        let tried =
            sqlx::query(sql).bind(tenant).bind(house.acme.0).bind(house.server_id.0).execute(&mut *tx).await;
        assert_eq!(tried.is_err(), refused, "{tried:?}");
        if !refused {
            let removed = sqlx::query("delete from reservation").execute(&mut *tx).await;
            assert!(removed.unwrap_err().to_string().contains("permission denied"));
        }
    }
}
