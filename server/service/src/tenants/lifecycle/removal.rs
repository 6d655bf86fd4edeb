use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        every::LastRuns,
    },
    workflows::{
        self,
        secrets::{self, Purpose},
    },
};
use innkeeper_domain::{
    ids::{BackupId, Ids, OrganisationId, TenantId},
    ports::{Backups, Random},
    run::RunKind,
};
use serde_json::json;
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(5);
/// Tenants, and backups, in a round.
const MOST: i64 = 20;

/// Starts the removal of tenants that can no longer be given back, and removes backups whose time is over. Any number
/// of portals may run one: each is done once.
pub struct Removals {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Draws support numbers.
    pub random: Arc<dyn Random>,
    /// Where backups are kept.
    pub backups: Arc<dyn Backups>,
}

impl Removals {
    /// Works until the process ends.
    pub async fn run(self, last: LastRuns) {
        let mut every = last.every("removals", EVERY);
        loop {
            every.next().await;
            every.ended(self.round().await);
        }
    }

    /// Does what is due now.
    pub async fn round(&self) -> Result<()> {
        self.start_removals().await?;
        self.remove_backups().await
    }

    async fn start_removals(&self) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let due = sqlx::query!(
            "select t.id, t.organisation_id, t.name from tenant t where t.state = 'destroying' and t.removal_at <= now()
               and not exists (select from live_run r where r.tenant_id = t.id)
             order by t.removal_at limit $1 for no key update of t skip locked",
            MOST
        )
        .fetch_all(&mut *tx)
        .await?;
        for row in due {
            let whose = (OrganisationId(row.organisation_id), TenantId(row.id));
            let (run, number) =
                workflows::start_run(&self.ids, &*self.random, &mut tx, RunKind::Remove, whose, json!({}))
                    .await?;
            Actor::System
                .audit(Action::TenantRemove)
                .subject(&row.name)
                .in_tenant((whose.0, whose.1))
                .detail(json!({ "run": run, "number": number }))
                .record(&mut tx, &self.ids)
                .await?;
        }
        Ok(tx.commit().await?)
    }

    async fn remove_backups(&self) -> Result<()> {
        let over = sqlx::query!(
            "select b.id, b.tenant_id, b.organisation_id, t.name from backup b join tenant t on t.id = b.tenant_id
             where b.kept_until <= now() order by b.kept_until limit $1",
            MOST
        )
        .fetch_all(&self.pool)
        .await?;
        for row in over {
            let (id, tenant) = (BackupId(row.id), TenantId(row.tenant_id));
            // The file first: a row without a file is found here again, a file without a row would stay.
            if let Err(error) = self.backups.remove(id).await {
                tracing::error!(backup = %id, %error, "a backup whose time is over cannot be removed");
                continue;
            }
            let mut tx = self.pool.begin().await?;
            let gone = sqlx::query!("delete from backup where id = $1", id.0).execute(&mut *tx).await?;
            if gone.rows_affected() == 0 {
                continue;
            }
            secrets::destroy(&mut tx, tenant, Purpose::BackupKey(id)).await?;
            Actor::System
                .audit(Action::BackupRemove)
                .subject(&row.name)
                .in_tenant((OrganisationId(row.organisation_id), tenant))
                .detail(json!({ "backup": id }))
                .record(&mut tx, &self.ids)
                .await?;
            tx.commit().await.map_err(Error::from)?;
        }
        Ok(())
    }
}
