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

async fn one_round(house: &House, looks: &mut Looks) {
    let service = &house.portal.service;
    let next = round(&house.portal.worker, &service.servers, &service.ids, looks, Uuid::nil()).await;
    assert_eq!(next.unwrap(), Uuid::nil(), "the next round begins anew");
}

fn asked(house: &House) -> usize {
    *house.server.asked.lock().unwrap()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_first_connection_is_recorded_once(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let seen = FirstConnection { role: Some(TenantRole::App), address: Some(ip("203.0.113.7")) };
    *house.server.first.lock().unwrap() = Some(seen);
    let (mut first, mut second, mut third) = Default::default();
    one_round(&house, &mut first).await;
    assert_eq!(asked(&house), 0, "nobody has the passwords yet");

    house.portal.change("update handoff set state = 'open', opened_at = now()").await;
    tokio::join!(
        one_round(&house, &mut first),
        one_round(&house, &mut second),
        one_round(&house, &mut third)
    );
    let view = look(&house).await;
    assert!(view.first_connected_at.is_some());
    assert_eq!(
        (view.first_connected_role, view.first_connected_from),
        (Some(TenantRole::App), Some(ip("203.0.113.7")))
    );
    assert_eq!(house.recorded("tenant.first_connection").await, 1);

    let before = asked(&house);
    one_round(&house, &mut first).await;
    assert_eq!(asked(&house), before, "once is enough");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_the_server_does_not_know_is_asked_again(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.portal.change("update handoff set state = 'confirmed', opened_at = now()").await;
    let mut looks = Looks::default();
    one_round(&house, &mut looks).await;
    assert_eq!(look(&house).await.first_connected_at, None);
    *house.server.first.lock().unwrap() = Some(FirstConnection { role: None, address: None });
    one_round(&house, &mut looks).await;
    let view = look(&house).await;
    assert!(view.first_connected_at.is_some(), "also where the log tells no more");
    assert_eq!((view.first_connected_role, view.first_connected_from), (None, None));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_log_is_read_again_only_after_another_session(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    house.portal.change("update handoff set state = 'confirmed', opened_at = now()").await;
    let mut looks = Looks::default();
    for (sessions, expected) in [(Some(3), 1), (Some(3), 2), (Some(3), 2), (Some(4), 3), (None, 4), (None, 5)]
    {
        *house.server.sessions.lock().unwrap() = sessions;
        one_round(&house, &mut looks).await;
        assert_eq!(asked(&house), expected, "{sessions:?}");
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
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
    let mut looks = Looks::default();
    let next = round(pool, &service.servers, &service.ids, &mut looks, Uuid::nil()).await.unwrap();
    assert_eq!(asked(&house), 50);
    let next = round(pool, &service.servers, &service.ids, &mut looks, next).await.unwrap();
    assert_eq!((asked(&house), next), (60, Uuid::nil()));
}
