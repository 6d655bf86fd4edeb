use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    passwords::reset_roles,
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use innkeeper_domain::tenant::PerRole;
use std::sync::Arc;

/// Ends the sessions of the roles and takes the passwords away that nobody opened in time: until new ones are made,
/// nobody can sign in.
pub struct ClearPasswords(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ClearPasswords {
    fn name(&self) -> &'static str {
        "clear_passwords"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        reset_roles(&mut *session, &subject, &PerRole::make(|_| None)).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("The three roles have no password until the passwords are reset".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // Nobody knew the passwords, and there is nothing that could be put back: what was begun is ended.
        let (subject, mut session) = open(&self.0, cx).await?;
        reset_roles(&mut *session, &subject, &PerRole::make(|_| None)).await?;
        cx.hold.keep(session);
        Ok(())
    }
}
