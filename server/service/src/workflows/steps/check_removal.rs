use super::final_backup::key_of;
use crate::workflows::{
    engine::{OnFailure, Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::Subject,
};
use async_trait::async_trait;
use innkeeper_domain::{ids::BackupId, ports::BackupFacts};
use std::{sync::Arc, time::Duration};

/// The last look before a tenant is removed: its time is over, and its final backup can be verified once more.
pub struct CheckRemoval(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CheckRemoval {
    fn name(&self) -> &'static str {
        "check_removal"
    }

    fn deadline(&self) -> Duration {
        Duration::from_hours(6)
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::Hold
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let tools = &self.0;
        let due = sqlx::query_scalar!(
            r#"select state = 'destroying' and coalesce(removal_at <= now(), false) as "due!" from tenant where id = $1"#,
            cx.run.tenant.0
        )
        .fetch_one(&tools.pool)
        .await?;
        if !due {
            return Err(StepError::Fatal("The waiting period is not over.".into()));
        }
        let backup = sqlx::query!(
            r#"select id, bytes as "bytes!", sha256 as "sha256!" from backup
               where tenant_id = $1 and read_back_at is not null and kept_until is null
               order by created_at desc, id desc limit 1"#,
            cx.run.tenant.0
        )
        .fetch_optional(&tools.pool)
        .await?
        .ok_or_else(|| StepError::Fatal("There is no final backup.".into()))?;
        let id = BackupId(backup.id);
        let facts = BackupFacts {
            bytes: u64::try_from(backup.bytes).unwrap_or_default(),
            sha256: backup
                .sha256
                .try_into()
                .map_err(|_| StepError::Fatal("The checksum of the final backup is invalid.".into()))?,
        };
        let subject = Subject::load(&tools.pool, cx.run.tenant).await?;
        let key = key_of(tools, cx.run.tenant, id).await?;
        let entries = tools.backups.read_back(id, &subject.name, &key, &facts).await?;
        Ok(Outcome::Done(format!("The final backup was verified again: {entries} objects")))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // It only looks.
        Ok(())
    }
}
