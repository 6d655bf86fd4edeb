use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use std::{sync::Arc, time::Duration};

/// Installs exactly the extensions that were chosen.
pub struct InstallExtensions(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for InstallExtensions {
    fn name(&self) -> &'static str {
        "install_extensions"
    }

    fn deadline(&self) -> Duration {
        Duration::from_secs(120)
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        session.install_extensions(&subject.extensions).await?;
        let names: Vec<_> = subject.extensions.iter().map(ToString::to_string).collect();
        cx.hold.keep(session);
        Ok(Outcome::Done(if names.is_empty() { "None chosen".into() } else { names.join(", ") }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // Nothing of its own: they go with the database.
        let _ = cx;
        Ok(())
    }
}
