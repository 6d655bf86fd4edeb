use super::*;
use crate::{
    context::servers::Servers,
    tenants::fixtures::{House, run},
};
use sqlx::PgPool;
use std::collections::BTreeSet;
use uuid::Uuid;

const LAYOUT: &str = "abc";
const DEFAULT: [Extension; 3] = Extension::DEFAULT;

/// A house whose first server keeps two slots.
struct Stock {
    house: House,
    server: ServerId,
    keeper: Keeper,
}

impl Stock {
    async fn open(pool: &PgPool) -> Self {
        let house = House::open(pool).await;
        let portal = &house.portal;
        let server =
            ServerId(sqlx::query_scalar("select id from server").fetch_one(&portal.owner).await.unwrap());
        let keeper = Keeper {
            pool: portal.worker.clone(),
            ids: portal.service.ids.clone(),
            random: portal.service.random.clone(),
            servers: Servers::default(),
        };
        Self { house, server, keeper }
    }

    async fn slot(&self, name: &str, layout: &str, state: &str, extensions: &[Extension]) {
        sqlx::query(
            "insert into slot (id, server_id, name, layout, state, extensions) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(self.house.portal.service.ids.make::<Uuid>())
        .bind(self.server.0)
        .bind(name)
        .bind(layout)
        .bind(state)
        .bind(as_stored(extensions))
        .execute(&self.house.portal.owner)
        .await
        .unwrap();
    }

    async fn claim(&self, tenant: TenantId, extensions: &[Extension]) -> Option<String> {
        let mut tx = self.house.portal.worker.begin().await.unwrap();
        claim(&mut tx, self.server, tenant, LAYOUT, extensions).await.unwrap();
        let claimed = claimed(&mut tx, tenant).await.unwrap();
        tx.commit().await.unwrap();
        claimed.map(|name| name.to_string())
    }

    async fn names(&self, state: &str) -> BTreeSet<String> {
        let names = sqlx::query_scalar("select name from slot where state = $1").bind(state);
        names.fetch_all(&self.house.portal.owner).await.unwrap().into_iter().collect()
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_slot_that_fits_best_is_claimed_once(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    let (shop, blog) = (
        stock.house.tenant("shop_k3v9x2", "provisioning").await,
        stock.house.tenant("blog_k3v9x2", "provisioning").await,
    );
    assert_eq!(stock.claim(shop, &DEFAULT).await, None, "there is none");
    stock.slot("slot_aaaaaa", LAYOUT, "ready", &[Extension::Citext]).await;
    stock.slot("slot_bbbbbb", "another", "ready", &DEFAULT).await;
    stock.slot("slot_cccccc", LAYOUT, "making", &DEFAULT).await;
    stock.slot("slot_dddddd", LAYOUT, "trash", &DEFAULT).await;
    stock.slot("slot_eeeeee", LAYOUT, "ready", &[Extension::Hstore]).await;
    assert_eq!(
        stock.claim(shop, &DEFAULT).await.as_deref(),
        Some("slot_aaaaaa"),
        "the only one without a stranger"
    );
    stock.slot("slot_ffffff", LAYOUT, "ready", &DEFAULT).await;
    assert_eq!(stock.claim(shop, &DEFAULT).await.as_deref(), Some("slot_aaaaaa"), "the one it has");
    stock.slot("slot_gggggg", LAYOUT, "ready", &[]).await;
    assert_eq!(stock.claim(blog, &DEFAULT).await.as_deref(), Some("slot_ffffff"), "the fullest");

    let mut conn = stock.house.portal.worker.acquire().await.unwrap();
    give_up(&mut conn, shop).await.unwrap();
    assert_eq!(claimed(&mut conn, shop).await.unwrap(), None);
    assert_eq!(stock.names("trash").await, names(&["slot_aaaaaa", "slot_dddddd"]));
    assert_eq!(stock.names("claimed").await, names(&["slot_ffffff"]));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn those_who_ask_at_once_get_slots_of_their_own(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    let mut tenants = Vec::new();
    for letter in 'a'..='h' {
        let drawn = letter.to_string().repeat(6);
        tenants.push(stock.house.tenant(&format!("shop{letter}_k3v9x2"), "provisioning").await);
        if letter <= 'e' {
            stock.slot(&format!("slot_{drawn}"), LAYOUT, "ready", &DEFAULT).await;
        }
    }
    let claims = tenants.iter().map(|tenant| stock.claim(*tenant, &DEFAULT));
    let claimed: Vec<_> = futures::future::join_all(claims).await.into_iter().flatten().collect();
    let different: BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), different.len()), (5, 5));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_nobody_should_claim_is_trash(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    for name in ["slot_aaaaaa", "slot_bbbbbb", "slot_cccccc"] {
        stock.slot(name, LAYOUT, "ready", &DEFAULT).await;
    }
    stock.slot("slot_dddddd", "older", "ready", &DEFAULT).await;
    stock.slot("slot_eeeeee", LAYOUT, "ready", &[Extension::Hstore]).await;
    stock.slot("slot_ffffff", LAYOUT, "making", &DEFAULT).await;
    let discard = async || {
        let wanted = stock.keeper.wanted(stock.server).await?;
        stock.keeper.discard(stock.server, LAYOUT, &wanted).await
    };
    discard().await.unwrap();
    assert_eq!(stock.names("trash").await.len(), 1, "one of three is more than two");

    let change = |sql| stock.house.portal.change(sql);
    change("update slot set made_at = now() - interval '11 minutes'").await;
    change("update slot set busy_until = now() - interval '1 second' where state = 'making'").await;
    discard().await.unwrap();
    let left = stock.names("ready").await;
    assert!(
        left.len() == 2 && left.is_subset(&names(&["slot_aaaaaa", "slot_bbbbbb", "slot_cccccc"])),
        "{left:?}"
    );
    assert_eq!(stock.names("trash").await.len(), 4, "of an older layout, of a set nobody chooses, given up");

    change("update server set ready_slots = 0").await;
    discard().await.unwrap();
    assert_eq!(stock.names("ready").await, names(&[]));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn as_many_are_made_as_are_missing(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    let plan = || async {
        let wanted = stock.keeper.wanted(stock.server).await.unwrap();
        stock
            .keeper
            .plan(stock.server, LAYOUT, &wanted)
            .await
            .unwrap()
            .map(|slot| as_stored(&slot.extensions))
    };
    let tenant = stock.house.tenant("shop_k3v9x2", "active").await;
    stock.house.portal.change("update tenant set extensions = '{hstore}'").await;
    let planned: Vec<_> =
        futures::future::join_all((0..8).map(|_| plan())).await.into_iter().flatten().collect();
    let of = |extensions: &[Extension]| planned.iter().filter(|set| **set == as_stored(extensions)).count();
    assert_eq!((of(&DEFAULT), of(&[Extension::Hstore]), planned.len()), (2, 2, 4));

    stock.house.portal.change("update slot set state = 'ready'").await;
    assert_eq!(plan().await, None);
    stock.claim(tenant, &DEFAULT).await.unwrap();
    stock.house.portal.change("update server set draining = true").await;
    assert_eq!(plan().await, None, "nobody comes here any more");
    stock.house.portal.change("update server set draining = false, max_tenants = 0").await;
    assert_eq!(plan().await, None, "nobody fits here");
    stock.house.portal.change("update server set max_tenants = 10").await;
    assert_eq!(plan().await, Some(as_stored(&DEFAULT)));
    assert_eq!(plan().await, None);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_made_is_not_thrown_away_again(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    let sets = [&DEFAULT[..], &[Extension::Hstore], &[Extension::Citext], &[Extension::PgTrgm], &[]];
    for (at, set) in sets.iter().cycle().take(9).enumerate() {
        let tenant = stock.house.tenant(&format!("shop{at}_k3v9x2"), "active").await;
        sqlx::query("update tenant set extensions = $2 where id = $1")
            .bind(tenant.0)
            .bind(as_stored(set))
            .execute(&stock.house.portal.owner)
            .await
            .unwrap();
    }
    let wanted = stock.keeper.wanted(stock.server).await.unwrap();
    assert_eq!(wanted.len(), 4, "{wanted:?}");
    while stock.keeper.plan(stock.server, LAYOUT, &wanted).await.unwrap().is_some() {}
    stock
        .house
        .portal
        .change("update slot set state = 'ready', busy_until = null, made_at = now() - interval '1 hour'")
        .await;
    stock.keeper.discard(stock.server, LAYOUT, &wanted).await.unwrap();
    assert_eq!((stock.names("ready").await.len(), stock.names("trash").await.len()), (8, 0));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_claim_ends_with_its_run(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    let shop = stock.house.tenant("shop_k3v9x2", "provisioning").await;
    run(&stock.house.portal, stock.house.acme, shop, "onboard", "running").await;
    stock.slot("slot_aaaaaa", LAYOUT, "ready", &DEFAULT).await;
    stock.claim(shop, &DEFAULT).await.unwrap();
    let wanted = stock.keeper.wanted(stock.server).await.unwrap();
    stock.keeper.discard(stock.server, LAYOUT, &wanted).await.unwrap();
    assert_eq!(stock.names("claimed").await.len(), 1);
    // By a portal that knows nothing of slots.
    stock.house.portal.change("update run set state = 'failed', finished_at = now()").await;
    stock.keeper.discard(stock.server, LAYOUT, &wanted).await.unwrap();
    assert_eq!(stock.names("trash").await.len(), 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn much_trash_stops_the_making(pool: PgPool) {
    let stock = Stock::open(&pool).await;
    for letter in 'a'..='k' {
        stock.slot(&format!("slot_{}", letter.to_string().repeat(6)), LAYOUT, "trash", &DEFAULT).await;
    }
    let wanted = stock.keeper.wanted(stock.server).await.unwrap();
    assert!(stock.keeper.plan(stock.server, LAYOUT, &wanted).await.unwrap().is_none());
    stock.house.portal.change("delete from slot where name < 'slot_c'").await;
    assert!(stock.keeper.plan(stock.server, LAYOUT, &wanted).await.unwrap().is_some());
}
