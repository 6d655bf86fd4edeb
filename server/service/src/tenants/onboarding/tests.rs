use super::*;
use crate::{
    Error,
    tenants::{
        fixtures::{House, SHOP, run},
        open,
    },
    testing::{TestPortal, denied},
};
use futures::future::join_all;
use innkeeper_domain::{
    ids::OrganisationId,
    run::{RunKind, RunState},
};
use sqlx::PgPool;

const FAILED_SHOP: &str =
    "update run set state = 'failed', finished_at = created_at + interval '90 seconds', failure = 'No room.'";

async fn failed_shop(pool: &PgPool) -> House {
    let house = House::open(pool).await;
    let shop = house.tenant(SHOP, "failed").await;
    run(&house.portal, house.acme, shop, "onboard", "running").await;
    house.portal.change(FAILED_SHOP).await;
    house
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_view_is_of_the_latest_onboarding(pool: PgPool) {
    let house = failed_shop(&pool).await;
    let view = view(&house.portal.service, &house.jane, SHOP).await.unwrap();
    assert_eq!((view.run.kind, view.run.state), (RunKind::Onboard, RunState::Failed));
    assert_eq!(view.run.failure.as_deref(), Some("No room."));
    assert_eq!(view.run.steps.len(), 3);
    assert!((view.elapsed_seconds - 90.0).abs() < 0.01, "{}", view.elapsed_seconds);
    assert_eq!(view.changed_at, view.run.finished_at.unwrap());
    assert_eq!(view.requested_by, "jane@acme.example");

    house.portal.change("update step set started_at = '2100-01-01 00:00+00' where position = 1").await;
    house.portal.change("update run set state = 'running', finished_at = null, created_at = now() - interval '60 seconds'").await;
    let view = super::view(&house.portal.service, &house.jane, SHOP).await.unwrap();
    assert_eq!(view.changed_at.year(), 2100, "the latest change of any step");
    assert!((60.0..120.0).contains(&view.elapsed_seconds), "so far: {}", view.elapsed_seconds);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn there_is_no_view_of_what_never_began(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.tenant(SHOP, "active").await;
    run(&house.portal, house.acme, shop, "renew_passwords", "done").await;
    for name in [SHOP, "missing_k3v9x2", "x"] {
        assert!(
            matches!(view(&house.portal.service, &house.jane, name).await, Err(Error::NotFound)),
            "{name}"
        );
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn thirty_presses_of_try_again_start_one_run(pool: PgPool) {
    let house = failed_shop(&pool).await;
    let service = &house.portal.service;
    let presses = join_all((0..30).map(|_| retry(service, &house.jane, SHOP))).await;
    assert_eq!(presses.iter().filter(|press| press.is_ok()).count(), 1);
    assert!(presses.iter().all(|press| matches!(press, Ok(()) | Err(Error::Conflict))), "{presses:?}");
    assert_eq!(house.portal.count("select count(*) from run").await, 2);
    assert_eq!(
        house.portal.count("select count(*) from run where state = 'running' and kind = 'onboard'").await,
        1
    );
    assert_eq!(house.recorded("tenant.retry").await, 1);
    let view = view(service, &house.jane, SHOP).await.unwrap();
    assert_eq!((view.tenant.state, view.run.state), (TenantState::Provisioning, RunState::Running));
    assert_eq!(view.run.steps.len(), 10);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_admins_act_and_only_on_what_failed(pool: PgPool) {
    let house = failed_shop(&pool).await;
    let service = &house.portal.service;
    let developer = house.colleague("dora@acme.example", "developer").await;
    let foreign = house.portal.person("olaf@other.example").await;
    for (person, member) in [(&developer, true), (&foreign, false)] {
        assert!(denied(&retry(service, person, SHOP).await, member));
        assert!(denied(&start_over(service, person, SHOP).await, member));
    }
    assert!(view(service, &developer, SHOP).await.is_ok(), "to look is allowed");
    for state in ["provisioning", "active", "suspended"] {
        sqlx::query("update tenant set state = $1").bind(state).execute(&pool).await.unwrap();
        assert!(matches!(retry(service, &house.jane, SHOP).await, Err(Error::Conflict)), "{state}");
        assert!(matches!(start_over(service, &house.jane, SHOP).await, Err(Error::Conflict)), "{state}");
    }
    assert_eq!(house.portal.count("select count(*) from run").await, 1);
    assert_eq!(house.portal.count("select count(*) from request").await, 0);
}

async fn draft(portal: &TestPortal) -> (Draft, i32) {
    let (values, version): (serde_json::Value, i32) =
        sqlx::query_as("select values, version from request where tenant_name is null")
            .fetch_one(&portal.owner)
            .await
            .unwrap();
    (serde_json::from_value(values).unwrap(), version)
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn starting_over_keeps_the_wishes_in_the_draft(pool: PgPool) {
    let house = failed_shop(&pool).await;
    let service = &house.portal.service;
    let presses = join_all((0..30).map(|_| start_over(service, &house.jane, SHOP))).await;
    assert!(presses.iter().all(Result::is_ok), "{presses:?}");
    let (kept, version) = draft(&house.portal).await;
    assert_eq!(version, 1);
    assert_eq!(
        [&*kept.organisation, &kept.database, &kept.plan, &kept.region, &kept.addresses, &kept.allow_any],
        ["Acme Robotics", "shop", "starter", "north", "198.51.100.0/24\n203.0.113.7", ""]
    );
    assert_eq!(kept.extensions, ["pgcrypto", "citext"]);
    assert_eq!(open(service, &house.jane, SHOP).await.unwrap().state, TenantState::Destroyed);
    assert_eq!(house.recorded("tenant.start_over").await, 1);
    assert!(matches!(retry(service, &house.jane, SHOP).await, Err(Error::Conflict)));

    // The wish is free again; the draft that is open is replaced, and pages that showed it are overtaken.
    let second = house.tenant("shop_zzzzzz", "failed").await;
    house.portal.change("update tenant set anywhere = true where name = 'shop_zzzzzz'").await;
    house.seal(second).await;
    start_over(service, &house.jane, "shop_zzzzzz").await.unwrap();
    let (kept, version) = draft(&house.portal).await;
    assert_eq!((version, kept.allow_any.as_str(), kept.addresses.as_str()), (2, "on", ""));
    assert_eq!(house.copies().await, 0, "nothing sealed stays behind");
    let OrganisationId(acme) = house.acme;
    let kept: i64 = sqlx::query_scalar(
        "select count(*) from audit_event where organisation_id = $1 and address = '203.0.113.7'",
    )
    .bind(acme)
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(kept, 2, "who, and from where");
}
