use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use std::sync::Arc;

/// Keeps everybody out of the database of a tenant that waits for its removal, or opens it again.
pub struct CloseDatabase {
    /// What it works with.
    pub tools: Arc<Tools>,
    /// Closes, else opens.
    pub closes: bool,
}

#[async_trait]
impl Step<Hold> for CloseDatabase {
    fn name(&self) -> &'static str {
        if self.closes { "close_database" } else { "open_database" }
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        self.set(cx, self.closes).await?;
        Ok(Outcome::Done(if self.closes {
            "Nobody can connect to it; data, roles and passwords are kept".into()
        } else {
            "Open, with all that was in it".into()
        }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        self.set(cx, !self.closes).await
    }
}

impl CloseDatabase {
    async fn set(&self, cx: &mut StepCx<'_, Hold>, closed: bool) -> Result<(), StepError> {
        let (_, mut session) = open(&self.tools, cx).await?;
        session.set_closed(closed).await?;
        cx.hold.keep(session);
        Ok(())
    }
}
