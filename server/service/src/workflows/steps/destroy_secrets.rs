use crate::workflows::{
    engine::{OnFailure, Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    secrets,
};
use async_trait::async_trait;
use std::sync::Arc;

/// Destroys what is sealed of a removed tenant, but for the keys of its backups.
pub struct DestroySecrets(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for DestroySecrets {
    fn name(&self) -> &'static str {
        "destroy_secrets"
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::Hold
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let mut tx = cx.run.begin(&self.0.pool).await?;
        secrets::destroy_all_but_backup_keys(&mut tx, cx.run.tenant).await?;
        tx.commit().await?;
        Ok(Outcome::Done("Only the key of the final backup is left".into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        Err(StepError::Fatal("Deleted secrets cannot be restored.".into()))
    }
}
