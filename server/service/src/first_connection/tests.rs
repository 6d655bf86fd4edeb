use super::*;
use crate::{
    tenants::{
        TenantView,
        fixtures::{House, SHOP},
        open,
    },
    testing::ip,
};

async fn look(house: &House) -> TenantView {
    open(&house.portal.service, &house.jane, SHOP).await.unwrap()
}

async fn one_round(house: &House) {
    let next =
        round(&house.portal.worker, &house.portal.service.servers, &house.portal.service.ids, Uuid::nil())
            .await;
    assert_eq!(next.unwrap(), Uuid::nil(), "the next round begins anew");
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn a_first_connection_is_recorded_once(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let seen = FirstConnection { role: Some(TenantRole::App), address: Some(ip("203.0.113.7")) };
    *house.server.first.lock().unwrap() = Some(seen);
    one_round(&house).await;
    assert_eq!(*house.server.asked.lock().unwrap(), 0, "nobody has the passwords yet");

    house.portal.change("update handoff set state = 'open', opened_at = now()").await;
    tokio::join!(one_round(&house), one_round(&house), one_round(&house));
    let view = look(&house).await;
    assert!(view.first_connected_at.is_some());
    assert_eq!(
        (view.first_connected_role, view.first_connected_from),
        (Some(TenantRole::App), Some(ip("203.0.113.7")))
    );
    assert_eq!(house.recorded("tenant.first_connection").await, 1);

    let asked = *house.server.asked.lock().unwrap();
    one_round(&house).await;
    assert_eq!(*house.server.asked.lock().unwrap(), asked, "once is enough");
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn what_the_server_does_not_know_is_asked_again(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.portal.change("update handoff set state = 'confirmed', opened_at = now()").await;
    one_round(&house).await;
    assert_eq!(look(&house).await.first_connected_at, None);
    *house.server.first.lock().unwrap() = Some(FirstConnection { role: None, address: None });
    one_round(&house).await;
    let view = look(&house).await;
    assert!(view.first_connected_at.is_some(), "also where the log tells no more");
    assert_eq!((view.first_connected_role, view.first_connected_from), (None, None));
}

#[sqlx::test(migrator = "crate::store::MIGRATIONS")]
async fn each_of_many_has_its_turn(pool: PgPool) {
    let house = House::open(&pool).await;
    for at in 0..60 {
        let id = house.tenant(&format!("t{at:02}_aaaaaa"), "active").await;
        house.seal(id).await;
    }
    house.tenant("old_aaaaaa", "active").await;
    house.portal.change("update handoff set state = 'lapsed', opened_at = now()").await;
    house
        .portal
        .change("update tenant set ready_at = now() - interval '31 days' where name = 'old_aaaaaa'")
        .await;
    let (pool, service) = (&house.portal.worker, &house.portal.service);
    let next = round(pool, &service.servers, &service.ids, Uuid::nil()).await.unwrap();
    assert_eq!(*house.server.asked.lock().unwrap(), 50);
    let next = round(pool, &service.servers, &service.ids, next).await.unwrap();
    assert_eq!((*house.server.asked.lock().unwrap(), next), (60, Uuid::nil()));
}
