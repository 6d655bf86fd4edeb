//! Which kinds of run may be live at the same time.

use super::stage;
use crate::{
    Error, Result,
    testing::TestPortal,
    workflows::engine::{NewRun, start},
};
use innkeeper_domain::{
    ids::{OrganisationId, TenantId},
    run::RunKind,
};
use sqlx::PgPool;
use uuid::Uuid;

/// Starts a run about the only tenant.
async fn begin(pool: &PgPool, portal: &TestPortal, kind: RunKind) -> Result<()> {
    let mut tx = pool.begin().await?;
    let (tenant, organisation): (Uuid, Uuid) =
        sqlx::query_as("select id, organisation_id from tenant").fetch_one(&mut *tx).await?;
    let new = NewRun {
        kind,
        organisation: OrganisationId(organisation),
        tenant: TenantId(tenant),
        input: serde_json::json!({}),
        deadline_minutes: 5,
    };
    start(&mut tx, &portal.service.ids, &*portal.service.random, &new, &["x"]).await?;
    Ok(tx.commit().await?)
}

/// As the trigger `exclude_runs` calls it.
fn is_excluded(error: &Error) -> bool {
    matches!(error, Error::Database(error) if Error::breaks(error, "run_excluded"))
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn kinds_exclude_each_other_unless_they_are_listed(pool: PgPool) {
    // One is live: that of the stage.
    let (portal, _, _) = stage(&pool).await;
    for kind in RunKind::ALL {
        assert!(is_excluded(&begin(&pool, &portal, *kind).await.unwrap_err()), "{kind:?}");
    }
    portal.change("insert into concurrent_run_kinds select 'suspend', kind from run").await;
    begin(&pool, &portal, RunKind::Suspend).await.unwrap();
    assert!(is_excluded(&begin(&pool, &portal, RunKind::Resume).await.unwrap_err()));

    // Nor does one come to life again beside another.
    portal.change("update run set state = 'done', finished_at = now()").await;
    begin(&pool, &portal, RunKind::Resume).await.unwrap();
    let revived = sqlx::query("update run set state = 'running' where kind = 'suspend'").execute(&pool).await;
    assert!(is_excluded(&Error::from(revived.unwrap_err())));
}

#[sqlx::test(migrator = "crate::db::MIGRATIONS")]
async fn of_those_that_begin_at_once_one_begins(pool: PgPool) {
    let (portal, _, _) = stage(&pool).await;
    portal.change("update run set state = 'done', finished_at = now()").await;
    let all = RunKind::ALL.iter().map(|kind| begin(&pool, &portal, *kind));
    let all = futures::future::join_all(all).await;
    assert_eq!(all.iter().filter(|begun| begun.is_ok()).count(), 1, "{all:?}");
    assert!(all.iter().filter_map(|begun| begun.as_ref().err()).all(is_excluded), "{all:?}");
}
