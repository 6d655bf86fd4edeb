use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use innkeeper_domain::plan::Limits;
use std::sync::Arc;

/// Sets the limits of the plan on database and roles.
pub struct ApplyLimits(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ApplyLimits {
    fn name(&self) -> &'static str {
        "apply_limits"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        let limits = &subject.limits;
        session.apply_limits(limits).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done(in_words(limits)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.reset_limits().await?;
        cx.hold.keep(session);
        Ok(())
    }
}

/// The limits for the person who watches.
pub fn in_words(limits: &Limits) -> String {
    format!(
        "{} connections, {} MB work_mem, {} GB temporary files",
        limits.connections, limits.work_mem_mb, limits.temp_file_limit_gb
    )
}
