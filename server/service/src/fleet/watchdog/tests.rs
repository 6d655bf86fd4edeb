use super::*;
use crate::{
    tenants::{
        ended_lately,
        fixtures::{House, SHOP},
        open,
    },
    testing::TestPortal,
};
use innkeeper_domain::{ended_sessions::EndReason, name::TenantName, tenant::TenantRole};

fn ended(name: &str, role: TenantRole, reason: EndReason, sessions: i64) -> EndedSessions {
    EndedSessions { tenant: TenantName::parse(name).unwrap(), role, reason, sessions }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_was_ended_is_counted_and_told_to_its_people_only(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let portal: &TestPortal = &house.portal;
    let (service, worker) = (&portal.service, &portal.worker);
    let tell = async |what| record(worker, &service.ids, &what).await.unwrap();
    tell(ended(SHOP, TenantRole::App, EndReason::LockCount, 2)).await;
    tell(ended(SHOP, TenantRole::App, EndReason::LockCount, 3)).await;
    tell(ended(SHOP, TenantRole::ReadOnly, EndReason::CatalogLock, 1)).await;
    // A database that is kept ready has no people yet.
    tell(ended("ready_aaaaaa", TenantRole::App, EndReason::LockCount, 1)).await;

    let shop = open(service, &house.jane, SHOP).await.unwrap();
    let lines = ended_lately(service, &house.jane, &shop).await.unwrap();
    let mut told: Vec<_> = lines.iter().map(|line| (line.role, line.reason, line.sessions)).collect();
    told.sort_by_key(|(role, ..)| *role);
    assert_eq!(
        told,
        [(TenantRole::App, EndReason::LockCount, 5), (TenantRole::ReadOnly, EndReason::CatalogLock, 1)]
    );
    assert_eq!(house.recorded("tenant.end_sessions").await, 2, "once an hour for each role and reason");

    let stranger = portal.person("eve@other.example").await;
    assert!(ended_lately(service, &stranger, &shop).await.unwrap().is_empty());

    portal.change("update ended_session set last_at = now() - interval '25 hours'").await;
    assert!(ended_lately(service, &house.jane, &shop).await.unwrap().is_empty());
    portal.change("update ended_session set hour = now() - interval '31 days'").await;
    crate::background::cleanup::once(worker).await.unwrap();
    assert_eq!(portal.count("select count(*) from ended_session").await, 0);
}
