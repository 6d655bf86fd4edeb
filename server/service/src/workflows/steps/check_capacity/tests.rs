use super::*;
use crate::{
    db::{self, run_events::Changes},
    fleet::hba_writer::RuleWriter,
    tenants::fixtures::{House, SHOP, Shelf, ToldServer},
    workflows::{engine::claim::claim, start_onboarding},
};
use innkeeper_domain::ports::MachineFacts;
use sqlx::PgPool;
use std::time::Duration;

/// A tenant that was just accepted, with its place on the first of two servers.
struct Accepted {
    house: House,
    step: CheckCapacity,
    run: RunRow,
    second: (ServerId, Arc<ToldServer>),
}

const ON_FIRST: &str = "select count(*) from reservation r join tenant t on t.id = r.tenant_id
    join server s on s.id = r.server_id and s.id = t.server_id where s.name = 'a'";
const ON_SECOND: &str = "select count(*) from reservation r join tenant t on t.id = r.tenant_id
    join server s on s.id = r.server_id and s.id = t.server_id where s.name = 'b'";

fn facts(connections: i32) -> ServerFacts {
    let machine = Some(MachineFacts { memory_mb: 8000, free_bytes: 1 << 40 });
    ServerFacts {
        major: 15,
        connections,
        lock_table: 300_000,
        prepared_transactions: 0,
        databases: 3,
        layout: String::new(),
        shared_buffers_mb: 128,
        machine,
    }
}

impl Accepted {
    async fn open(pool: &PgPool) -> Self {
        let house = House::open(pool).await;
        let shop = house.tenant(SHOP, "provisioning").await;
        let second = (house.portal.server("north", 1000).await, Arc::new(ToldServer::default()));
        house.portal.service.servers.put(second.0, second.1.clone());
        for (name, id) in [("a", house.server_id), ("b", second.0)] {
            sqlx::query("update server set name = $1, region_label = 'North' where id = $2")
                .bind(name)
                .bind(id.0)
                .execute(pool)
                .await
                .unwrap();
        }
        let service = &house.portal.service;
        let mut tx = house.portal.begin_as(&house.jane).await;
        start_onboarding(service, &mut tx, house.acme, shop).await.unwrap();
        tx.commit().await.unwrap();
        let worker = house.portal.worker.clone();
        let run = claim(&worker, Duration::from_secs(60)).await.unwrap().unwrap();
        let tools = Tools {
            rules: Arc::new(RuleWriter::new(worker.clone(), service.servers.clone())),
            pool: worker,
            ids: service.ids.clone(),
            random: service.random.clone(),
            sealer: service.sealer.clone(),
            verifier: service.verifier.clone(),
            servers: service.servers.clone(),
            backups: Arc::new(Shelf::default()),
            changes: Changes::silent(),
            public_url: String::new(),
        };
        Self { step: CheckCapacity(Arc::new(tools)), house, run, second }
    }

    /// The step, with servers that answer so; what it says.
    async fn apply(
        &self,
        first: impl Into<Option<ServerFacts>>,
        second: impl Into<Option<ServerFacts>>,
    ) -> Result<Outcome, StepError> {
        *self.house.server.facts.lock().unwrap() = first.into();
        *self.second.1.facts.lock().unwrap() = second.into();
        self.step.apply(&mut StepCx { run: &self.run, hold: &mut Hold::default() }).await
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.house.portal.count(sql).await
    }
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn the_place_stays_where_it_was_reserved_as_long_as_it_fits(pool: PgPool) {
    let shop = Accepted::open(&pool).await;
    assert_eq!(shop.count(ON_FIRST).await, 1, "reserved with the acceptance");
    // As full as can be with its own place, and no more to be filled.
    shop.house.portal.change("update server set max_tenants = 1, draining = true where name = 'a'").await;
    for _ in 0..2 {
        assert!(
            matches!(shop.apply(facts(2), facts(290)).await, Ok(Outcome::Done(said)) if said == "North, PostgreSQL 15")
        );
        assert_eq!(shop.count(ON_FIRST).await, 1);
    }
    let read = "select count(*) from server where name = 'a' and (connections, shared_buffers_mb) = (2, 128)
        and (machine_memory_mb, free_bytes) = (8000, 1::bigint << 40)";
    assert_eq!(shop.count(read).await, 1, "what the server said is kept");
    shop.step.undo(&mut StepCx { run: &shop.run, hold: &mut Hold::default() }).await.unwrap();
    let free = "select count(*) from tenant where server_id is null and not exists (select from reservation)";
    assert_eq!(shop.count(free).await, 1, "undone, the place is free");
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn it_moves_when_the_server_has_less_than_it_had(pool: PgPool) {
    let shop = Accepted::open(&pool).await;
    // 40 connections are promised for each: 50 do not fit any more.
    assert!(matches!(shop.apply(facts(1), facts(290)).await, Ok(Outcome::Done(_))));
    assert_eq!((shop.count(ON_FIRST).await, shop.count(ON_SECOND).await), (0, 1));
}

#[sqlx::test(migrator = "db::MIGRATIONS")]
async fn it_waits_for_a_silent_server_and_gives_up_where_no_room_is_left(pool: PgPool) {
    let shop = Accepted::open(&pool).await;
    for (first, second) in [(None, Some(facts(1))), (Some(facts(1)), None)] {
        let said = shop.apply(first, second).await;
        assert!(matches!(said, Err(StepError::Retry(_))), "{said:?}");
    }
    let said = shop.apply(facts(1), facts(1)).await;
    assert!(
        matches!(&said, Err(StepError::Fatal(told)) if told.contains("this plan needs 50, 40 of 40 are free")),
        "{said:?}"
    );
    assert_eq!(
        shop.count("select count(*) from server where connections = 1").await,
        2,
        "the next is told so"
    );
}
