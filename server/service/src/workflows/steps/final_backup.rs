use crate::workflows::{
    engine::{OnFailure, Outcome, RunRow, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    secrets::{self, Purpose},
    tenant_record::Subject,
};
use async_trait::async_trait;
use innkeeper_domain::{
    ids::{BackupId, TenantId},
    password::draw_key,
    ports::BackupFacts,
    secret::Secret,
};
use sqlx::PgConnection;
use std::{sync::Arc, time::Duration};

/// Takes the last backup of a tenant and reads it back whole. Without it nothing is removed: the run is held.
pub struct FinalBackup(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for FinalBackup {
    fn name(&self) -> &'static str {
        "final_backup"
    }

    fn deadline(&self) -> Duration {
        Duration::from_hours(6)
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::Hold
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let tools = &self.0;
        // Nothing but the dump may be in the database, and it takes its own session.
        drop(cx.hold.take());
        let subject = Subject::load(&tools.pool, cx.run.tenant).await?;
        let server = subject.server(tools)?;
        let (id, key) = self.begin(cx.run).await?;
        let facts = tools.backups.take(&*server, &subject.name, id, &key).await?;
        let entries = tools.backups.read_back(id, &subject.name, &key, &facts).await?;
        self.record_facts(cx.run, id, &facts, entries).await?;
        Ok(Outcome::Done(format!("{} encrypted, verified: {entries} objects", size(facts.bytes))))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let mut tx = cx.run.begin(&self.0.pool).await?;
        give_up_tries(&mut tx, cx.run).await?;
        Ok(tx.commit().await?)
    }
}

/// What tries of this run left is removed with all other backups whose time is over, later than a worker that does not
/// know yet that it lost the run can still finish its file.
async fn give_up_tries(conn: &mut PgConnection, run: &RunRow) -> sqlx::Result<()> {
    sqlx::query!(
        "update backup set kept_until = now() + interval '10 minutes' where run_id = $1 and kept_until is null",
        run.id.0
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The key of a backup.
pub async fn key_of(tools: &Tools, tenant: TenantId, id: BackupId) -> Result<Secret, StepError> {
    let mut conn = tools.pool.acquire().await?;
    secrets::get(&mut conn, &*tools.sealer, tenant, Purpose::BackupKey(id))
        .await?
        .ok_or_else(|| StepError::Fatal(format!("The key of backup {id} is missing.")))
}

impl FinalBackup {
    /// Each try has a file and a key of its own: one that was given up and goes on all the same cannot replace what the
    /// next one has proven. The key is sealed before anything is encrypted under it.
    async fn begin(&self, run: &RunRow) -> Result<(BackupId, Secret), StepError> {
        let tools = &self.0;
        let (id, key): (BackupId, _) = (tools.ids.make(), draw_key(&*tools.random));
        let mut tx = run.begin(&tools.pool).await?;
        give_up_tries(&mut tx, run).await?;
        sqlx::query!(
            "insert into backup (id, tenant_id, organisation_id, run_id, kind) values ($1, $2, $3, $4, 'final')",
            id.0,
            run.tenant.0,
            run.organisation.0,
            run.id.0,
        )
        .execute(&mut *tx)
        .await?;
        let purpose = Purpose::BackupKey(id);
        secrets::put(&mut tx, &*tools.sealer, run.organisation, run.tenant, purpose, &key).await?;
        tx.commit().await?;
        Ok((id, key))
    }

    async fn record_facts(
        &self,
        run: &RunRow,
        id: BackupId,
        facts: &BackupFacts,
        entries: u64,
    ) -> Result<(), StepError> {
        let mut tx = run.begin(&self.0.pool).await?;
        sqlx::query!(
            "update backup set bytes = $2, sha256 = $3, entries = $4, read_back_at = now() where id = $1",
            id.0,
            i64::try_from(facts.bytes).unwrap_or(i64::MAX),
            &facts.sha256[..],
            i64::try_from(entries).unwrap_or(i64::MAX),
        )
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_048_576 => format!("{} kB", bytes.div_ceil(1024)),
        1_048_576..1_073_741_824 => format!("{} MB", bytes.div_ceil(1_048_576)),
        _ => format!("{} GB", bytes.div_ceil(1_073_741_824)),
    }
}
