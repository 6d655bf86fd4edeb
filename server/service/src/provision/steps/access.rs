use crate::{
    engine::{Outcome, Step, StepCx, StepError},
    provision::{
        subject::{Subject, open},
        tools::{Hold, Tools},
    },
};
use async_trait::async_trait;
use innkeeper_domain::tenant::TenantState;
use std::sync::Arc;

/// Cuts a tenant off: its sessions end, nobody signs in any more, and everything is kept. Undoing lets a tenant in
/// again that was not suspended before.
pub struct CutOff(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CutOff {
    fn name(&self) -> &'static str {
        "cut_off"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.cut_off().await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("Its sessions have ended, and nobody can sign in".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        if belongs_in(&subject) {
            session.let_in(&subject.limits).await?;
        }
        cx.hold.keep(session);
        Ok(())
    }
}

/// Lets a tenant in again that was cut off.
pub struct LetIn {
    /// What it works with.
    pub tools: Arc<Tools>,
    /// Also a tenant that was suspended before its removal was asked for.
    pub always: bool,
}

#[async_trait]
impl Step<Hold> for LetIn {
    fn name(&self) -> &'static str {
        "let_in"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (subject, mut session) = open(&self.tools, cx).await?;
        let lets_in = self.always || belongs_in(&subject);
        if lets_in {
            session.let_in(&subject.limits).await?;
        }
        cx.hold.keep(session);
        Ok(Outcome::Done(if lets_in {
            format!("Its roles may sign in, {} connections", subject.limits.connections)
        } else {
            "It stays suspended, as it was before".into()
        }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (_, mut session) = open(&self.tools, cx).await?;
        session.cut_off().await?;
        cx.hold.keep(session);
        Ok(())
    }
}

/// Whether the tenant is in use by what it is now, or was when its removal was asked for.
fn belongs_in(subject: &Subject) -> bool {
    subject.state_before.unwrap_or(subject.state) == TenantState::Active
}
