use crate::workflows::{
    engine::{OnFailure, Outcome, Step, StepCx, StepError},
    provisioning_context::Hold,
};
use async_trait::async_trait;
use std::time::Duration;

/// Takes away for good what another step made. There is no way back, so a failure undoes nothing: a person has to look.
pub struct Removing {
    /// Its name, as stored.
    pub name: &'static str,
    /// Whose effect it takes away.
    pub made_by: Box<dyn Step<Hold>>,
    /// What it did, for people.
    pub says: &'static str,
}

#[async_trait]
impl Step<Hold> for Removing {
    fn name(&self) -> &'static str {
        self.name
    }

    fn deadline(&self) -> Duration {
        self.made_by.deadline()
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::Hold
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        self.made_by.undo(cx).await?;
        Ok(Outcome::Done(self.says.into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        Err(StepError::Fatal("Deleted data cannot be restored.".into()))
    }
}
