use crate::{
    engine::{Outcome, Step, StepCx, StepError},
    provision::{
        subject::open,
        tools::{Hold, Tools},
    },
};
use async_trait::async_trait;
use innkeeper_domain::tenant::PerRole;
use std::sync::Arc;

/// Takes the passwords away that nobody opened in time: until new ones are made, nobody can sign in.
pub struct ClearPasswords(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ClearPasswords {
    fn name(&self) -> &'static str {
        "clear_passwords"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.set_verifiers(&PerRole::make(|_| None)).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("The three roles have no password until new ones are made".into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // The sealed copies are destroyed: there is nothing that could be put back, and nobody knew them.
        Ok(())
    }
}
