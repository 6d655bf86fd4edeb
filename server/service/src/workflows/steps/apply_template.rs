use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use std::sync::Arc;

/// Gives schema, default privileges and function rights to the three roles.
pub struct ApplyTemplate(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ApplyTemplate {
    fn name(&self) -> &'static str {
        "apply_template"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        session.apply_template().await?;
        cx.hold.keep(session);
        Ok(Outcome::Done(format!("Schema public belongs to {}_owner", subject.name)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // Nothing of its own: it goes with the database.
        let _ = cx;
        Ok(())
    }
}
