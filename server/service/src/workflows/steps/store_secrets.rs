use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    passwords::open_sealed,
    provisioning_context::{Hold, Tools},
};
use async_trait::async_trait;
use std::sync::Arc;

/// Proves that the sealed copies can be opened; that they are what the server has is proved by signing in with them.
pub struct StoreSecrets(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for StoreSecrets {
    fn name(&self) -> &'static str {
        "store_secrets"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        open_sealed(&self.0, cx.run.tenant).await?;
        Ok(Outcome::Done("Three passwords, encrypted until you view them".into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // It only looks; the step that sealed the passwords destroys them.
        Ok(())
    }
}
