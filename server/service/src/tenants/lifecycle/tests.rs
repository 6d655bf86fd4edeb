use super::*;
use crate::{
    Error, Result,
    context::{
        field_error::{Field, InputCode, TenantCode},
        requester::Requester,
    },
    fleet::reconcile,
    tenants::fixtures::{House, SHOP, Shelf, member, organisation, run},
    testing::{denied, rejection},
};
use futures::future::join_all;
use innkeeper_domain::{
    ids::TenantId,
    name::TenantName,
    plan::Limits,
    ports::Usage,
    standing::Standing,
    tenant::{PerRole, TenantState},
};
use sqlx::PgPool;
use std::sync::Arc;

fn stale(requester: &Requester) -> Requester {
    let mut requester = requester.clone();
    requester.account.as_mut().unwrap().fresh = false;
    requester
}

impl House {
    async fn stands(&self) -> (TenantState, Option<TenantState>) {
        let view = danger(&self.portal.service, &self.jane, SHOP).await.unwrap();
        (view.tenant.state, view.state_before)
    }

    async fn runs(&self) -> Vec<(String, String)> {
        sqlx::query_as("select kind, state from run order by created_at, id")
            .fetch_all(&self.portal.owner)
            .await
            .unwrap()
    }

    /// Ends the live run as a worker would, but for its steps.
    async fn end(&self, state: &str) {
        sqlx::query("update run set state = $1, finished_at = now() where state in ('running', 'unwinding')")
            .bind(state)
            .execute(&self.portal.owner)
            .await
            .unwrap();
    }

    async fn set(&self, state: &str) {
        sqlx::query("update tenant set state = $1").bind(state).execute(&self.portal.owner).await.unwrap();
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn only_a_fresh_admin_who_types_the_name_can(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    let service = &house.portal.service;
    let other = organisation(&house.portal, "Other").await;
    let stranger = house.portal.person("eve@other.example").await;
    member(&house.portal, other, &stranger, "admin").await;
    let developer = house.colleague("dev@acme.example", "developer").await;
    for (nobody, member) in [(stranger, false), (developer, true)] {
        let tried: [Result<()>; 7] = [
            suspend(service, &nobody, SHOP, SHOP).await,
            resume(service, &nobody, SHOP).await,
            destroy(service, &nobody, SHOP, SHOP).await,
            keep(service, &nobody, SHOP).await,
            try_again(service, &nobody, SHOP).await,
            change_plan(service, &nobody, SHOP, "professional").await,
            rotate(service, &nobody, SHOP, SHOP).await,
        ];
        assert!(tried.iter().all(|tried| denied(tried, member)), "{tried:?}");
        assert!(denied(&danger(service, &nobody, SHOP).await, member));
        assert!(denied(&plans(service, &nobody, SHOP).await, member));
        assert!(denied(&credentials(service, &nobody, SHOP).await, member));
    }
    let old = stale(&house.jane);
    assert!(matches!(suspend(service, &old, SHOP, SHOP).await, Err(Error::StaleSignIn)));
    assert!(matches!(destroy(service, &old, SHOP, SHOP).await, Err(Error::StaleSignIn)));
    assert!(matches!(change_plan(service, &old, SHOP, "professional").await, Err(Error::StaleSignIn)));
    for wrong in ["", "shop", "SHOP_K3V9X2", "shop_k3v9x2 or more", "\0"] {
        for tried in [
            suspend(service, &house.jane, SHOP, wrong).await,
            destroy(service, &house.jane, SHOP, wrong).await,
            rotate(service, &house.jane, SHOP, wrong).await,
        ] {
            let refused = TenantCode::NotConfirmed { name: TenantName::parse(SHOP).unwrap() };
            assert_eq!(rejection(tried), (Field::Confirmation, refused.into()), "{wrong:?}");
        }
    }
    assert_eq!((house.runs().await, house.stands().await), (vec![], (TenantState::Active, None)));
    assert_eq!(house.copies().await, 3, "{shop}: nothing was taken back");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn each_state_allows_what_fits_it(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let (service, jane) = (&house.portal.service, &house.jane);
    for (state, allowed) in [
        ("active", "suspend destroy change_plan"),
        ("suspended", "resume destroy"),
        ("destroying", "keep"),
        ("provisioning", ""),
        ("failed", ""),
        ("destroyed", ""),
    ] {
        for act in ["suspend", "resume", "destroy", "keep", "change_plan"] {
            house.portal.change("truncate step, run cascade").await;
            house.portal.change("update tenant set state_before = null").await;
            house.set(state).await;
            let tried = match act {
                "suspend" => suspend(service, jane, SHOP, SHOP).await,
                "resume" => resume(service, jane, SHOP).await,
                "destroy" => destroy(service, jane, SHOP, SHOP).await,
                "keep" => keep(service, jane, SHOP).await,
                _ => change_plan(service, jane, SHOP, "professional").await,
            };
            if allowed.split(' ').any(|one| one == act) {
                tried.unwrap_or_else(|error| panic!("{act} of {state}: {error}"));
                assert_eq!(house.runs().await.len(), 1);
            } else {
                assert!(matches!(tried, Err(Error::Conflict)), "{act} of {state}: {tried:?}");
                assert!(house.runs().await.is_empty());
            }
        }
    }
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_thirty_presses_one_starts_a_run(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let presses = join_all((0..30).map(|at| {
        let (service, jane) = (&house.portal.service, &house.jane);
        async move {
            if at % 2 == 0 {
                destroy(service, jane, SHOP, SHOP).await
            } else {
                suspend(service, jane, SHOP, SHOP).await
            }
        }
    }))
    .await;
    assert_eq!(presses.iter().filter(|press| press.is_ok()).count(), 1, "{presses:?}");
    assert!(presses.iter().all(|press| matches!(press, Ok(()) | Err(Error::Conflict))), "{presses:?}");
    assert_eq!(house.runs().await.len(), 1);
    let acts = house.recorded("tenant.destroy").await + house.recorded("tenant.suspend").await;
    assert_eq!(acts, 1);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_destruction_is_turned_back_or_undone(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let (service, jane) = (&house.portal.service, &house.jane);
    destroy(service, jane, SHOP, SHOP).await.unwrap();
    assert_eq!(house.stands().await, (TenantState::Destroying, Some(TenantState::Active)));
    assert_eq!(house.copies().await, 0, "what nobody has opened is destroyed at once");
    assert!(danger(service, jane, SHOP).await.unwrap().live);
    assert!(matches!(try_again(service, jane, SHOP).await, Err(Error::Conflict)), "it is not stuck");

    // Under way: turned back, once.
    let presses = join_all((0..10).map(|_| keep(service, jane, SHOP))).await;
    assert_eq!(presses.iter().filter(|press| press.is_ok()).count(), 1, "{presses:?}");
    assert_eq!(house.runs().await, [("destroy".into(), "unwinding".into())]);
    let failure: String = sqlx::query_scalar("select failure from run").fetch_one(&pool).await.unwrap();
    assert_eq!(failure, "jane@acme.example cancelled the deletion.");

    // Stuck: it goes on, or is turned back.
    house.portal.change("update run set state = 'stuck', finished_at = now()").await;
    house.portal.change("update step set state = 'failed' where position = 0").await;
    try_again(service, jane, SHOP).await.unwrap();
    assert_eq!(house.runs().await, [("destroy".into(), "running".into())]);
    house.portal.change("update run set state = 'stuck', finished_at = now()").await;
    keep(service, jane, SHOP).await.unwrap();
    assert_eq!(house.runs().await, [("destroy".into(), "unwinding".into())]);

    // Waiting for its removal: a run of its own.
    house.end("done").await;
    keep(service, jane, SHOP).await.unwrap();
    assert_eq!(house.runs().await[1], ("undo_destroy".into(), "running".into()));
    assert!(matches!(keep(service, jane, SHOP).await, Err(Error::Conflict)));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_suspension_that_is_held_is_tried_again(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let (service, jane) = (&house.portal.service, &house.jane);
    suspend(service, jane, SHOP, SHOP).await.unwrap();
    assert!(matches!(try_again(service, jane, SHOP).await, Err(Error::Conflict)), "it is not stuck");
    house.portal.change("update run set state = 'stuck', finished_at = now()").await;
    house.portal.change("update step set state = 'failed', blocked_by = 'another customer'").await;
    house.portal.change("update tenant set state = 'suspended', state_before = 'active'").await;
    for (act, refused) in [
        ("resume", resume(service, jane, SHOP).await),
        ("destroy", destroy(service, jane, SHOP, SHOP).await),
        ("rotate", rotate(service, jane, SHOP, SHOP).await),
    ] {
        assert!(matches!(refused, Err(Error::Conflict)), "{act}: {refused:?}");
    }
    // A page does not even see whose session is in the way.
    let mut web = service.pool.acquire().await.unwrap();
    let seen = sqlx::query("select blocked_by from step").execute(&mut *web).await.unwrap_err();
    assert_eq!(seen.as_database_error().unwrap().code().unwrap(), "42501");
    drop(web);
    try_again(service, jane, SHOP).await.unwrap();
    assert_eq!(house.runs().await, [("suspend".into(), "running".into())]);
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn what_is_due_is_removed_once_and_not_before(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    let backups = Arc::new(Shelf::default());
    let removals = || Removals {
        pool: house.portal.worker.clone(),
        ids: house.portal.service.ids.clone(),
        random: house.portal.service.random.clone(),
        backups: backups.clone(),
    };
    house.set("destroying").await;
    house.portal.change("update tenant set removal_at = now() + interval '1 minute'").await;
    removals().round().await.unwrap();
    assert!(house.runs().await.is_empty(), "its time is not over");
    house.portal.change("update tenant set removal_at = now()").await;
    let live = run(&house.portal, house.acme, shop, "undo_destroy", "running").await;
    removals().round().await.unwrap();
    assert_eq!(house.runs().await.len(), 1, "{live}: somebody is just giving it back");
    house.end("failed").await;
    let (one, other) = (removals(), removals());
    let (a, b) = tokio::join!(one.round(), other.round());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(house.runs().await[1..], [("remove".to_owned(), "running".to_owned())]);
    assert_eq!(house.recorded("tenant.remove").await, 1);

    let kept = "insert into backup (id, tenant_id, organisation_id, run_id, kind, bytes, kept_until)
        select gen_random_uuid(), t.id, t.organisation_id, r.id, 'final', 1, now() + make_interval(days => n)
        from tenant t join run r on r.kind = 'remove', generate_series(0, 1) n";
    house.portal.change(kept).await;
    removals().round().await.unwrap();
    assert_eq!(house.portal.count("select count(*) from backup").await, 1);
    assert_eq!((backups.removed(), house.recorded("backup.remove").await), (1, 1));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_plan_that_is_too_small_or_unknown_is_refused(pool: PgPool) {
    let house = House::open(&pool).await;
    house.shop().await;
    let (service, jane) = (&house.portal.service, &house.jane);
    let refused = async |plan: &str| rejection(change_plan(service, jane, SHOP, plan).await).1;
    for unknown in ["", "enterprise", "Starter", "starter' or 1=1"] {
        assert_eq!(refused(unknown).await, InputCode::UnknownChoice.into(), "{unknown}");
    }
    assert_eq!(refused("starter").await, TenantCode::SamePlan { plan: "Starter".into() }.into());
    let eleven = Usage { size_bytes: 50 << 30, ..Usage::default() };
    *house.server.usage.lock().unwrap() = Some(eleven);
    house.portal.change("update tenant set plan_name = 'professional'").await;
    let large = TenantCode::DataTooLarge { plan: "Starter".into(), stored_gb: 51, most_gb: 10 };
    assert_eq!(refused("starter").await, large.into());
    let view = plans(service, jane, SHOP).await.unwrap();
    let told: Vec<_> = view.offers.iter().map(|offer| (offer.current, offer.refused.is_some())).collect();
    assert_eq!(told, [(false, true), (true, false)]);
    assert!(house.runs().await.is_empty());
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn a_tenant_changed_from_outside_is_found(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop: TenantId = house.shop().await;
    let limits: sqlx::types::Json<Limits> =
        sqlx::query_scalar("select limits from plan where name = 'starter'").fetch_one(&pool).await.unwrap();
    let right = Standing {
        connections: limits.connections,
        open: true,
        roles: PerRole::make(|role| Some((true, *limits.role_connections.of(role)))),
        settings: limits.settings().iter().map(|(name, value)| format!("{name}={value}")).collect(),
    };
    let look = async |standing: Standing| {
        *house.server.standing.lock().unwrap() = Some(standing);
        reconcile::drifts(&house.portal.worker, house.server_id, &*house.server).await.unwrap()
    };
    assert!(look(right.clone()).await.is_empty());
    let drifted = Standing { connections: 500, ..right.clone() };
    assert_eq!(look(drifted.clone()).await[0].what, "its database takes 500 connections, not 50");
    run(&house.portal, house.acme, shop, "suspend", "running").await;
    assert!(look(drifted).await.is_empty(), "a run is working on it");
    house.end("done").await;
    house.set("suspended").await;
    assert_eq!(look(right).await.len(), 1, "it is not cut off");
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn the_last_backup_is_the_newest_whole_one_that_is_kept(pool: PgPool) {
    let house = House::open(&pool).await;
    let shop = house.shop().await;
    run(&house.portal, house.acme, shop, "destroy", "done").await;
    let service = &house.portal.service;
    let developer = house.colleague("dev@acme.example", "developer").await;
    let stranger = house.portal.person("eve@other.example").await;
    let tenant = crate::tenants::open(service, &house.jane, SHOP).await.unwrap();
    let last =
        async |requester| last_backup(service, requester, &tenant).await.unwrap().and_then(|line| line.bytes);
    assert_eq!(last(&house.jane).await, None, "none was ever taken");

    // Whole; newer, but not read back yet; newest, but its time is over.
    let taken = "insert into backup (id, tenant_id, organisation_id, run_id, kind, created_at, bytes, read_back_at, kept_until)
        select gen_random_uuid(), t.id, t.organisation_id, r.id, 'final', now() - age, bytes, read_back, kept
        from tenant t join run r on r.tenant_id = t.id, (values
          (interval '3 hours', 300, now(), now() + interval '1 day'), (interval '4 hours', 400, now(), null),
          (interval '2 hours', 200, null, null), (interval '1 hour', 100, now(), now())) v (age, bytes, read_back, kept)";
    house.portal.change(taken).await;
    for member in [&house.jane, &developer] {
        assert_eq!(last(member).await, Some(300));
    }
    assert_eq!(last(&stranger).await, None, "nothing of another organisation");
}
