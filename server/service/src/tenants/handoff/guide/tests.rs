use super::*;
use crate::tenants::fixtures::{House, SHOP};
use innkeeper_domain::allowlist::Reach;
use sqlx::PgPool;
use time::macros::datetime;

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_guide_is_whole(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let mut tenant = crate::tenants::open(&house.portal.service, &house.jane, SHOP).await.unwrap();
    let endpoint = Endpoint { host: "db.north.example".into(), port: 5433 };
    let support = EmailAddress::parse("help@portal.example").unwrap();
    let guide = |tenant: &TenantView, endpoint: &Endpoint, support: Option<&EmailAddress>| {
        let public_url = "https://portal.example";
        Guide { tenant, endpoint, public_url, support, made_at: datetime!(2026-11-21 12:05 UTC) }.to_string()
    };
    insta::assert_snapshot!(guide(&tenant, &endpoint, Some(&support)));

    tenant.reach = Reach::Anywhere;
    let other = guide(&tenant, &Endpoint { host: "2001:db8::7".into(), port: 5432 }, None);
    assert!(other.contains("allowed from any IP address."));
    assert!(
        other.contains("postgresql://shop_k3v9x2_app@[2001:db8::7]:5432/shop_k3v9x2?sslmode=verify-full")
    );
    assert!(other.contains("Ask whoever runs https://portal.example."));
}
