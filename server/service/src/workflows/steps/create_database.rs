use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// Makes the database, closed from birth, from the platform's template.
pub struct CreateDatabase(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CreateDatabase {
    fn name(&self) -> &'static str {
        "create_database"
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(180)
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        session.create_database().await?;
        cx.hold.keep(session);
        Ok(Outcome::Done(format!("{} in UTF-8, closed until the connection test", subject.name)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.drop_database().await?;
        cx.hold.keep(session);
        Ok(())
    }
}
