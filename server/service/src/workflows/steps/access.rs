use crate::workflows::{
    engine::{OnFailure, Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::open,
};
use async_trait::async_trait;
use std::sync::Arc;

/// Cuts a tenant off: its sessions end, nobody signs in any more, and everything is kept. Where a session does not end,
/// the run is held with everybody else kept out: it must not open again by itself (ADR 16). Undoing, on a person's word,
/// lets a tenant in again that was not suspended before.
pub struct CutOff(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CutOff {
    fn name(&self) -> &'static str {
        "cut_off"
    }

    fn on_failure(&self) -> OnFailure {
        OnFailure::Hold
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.cut_off().await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("Connections were closed, and nobody can sign in".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        if subject.is_in_use() {
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
        let lets_in = self.always || subject.is_in_use();
        if lets_in {
            session.let_in(&subject.limits).await?;
        }
        cx.hold.keep(session);
        Ok(Outcome::Done(if lets_in {
            format!("Its roles may sign in, {} connections", subject.limits.connections)
        } else {
            "It stays suspended, as before".into()
        }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (_, mut session) = open(&self.tools, cx).await?;
        session.cut_off().await?;
        cx.hold.keep(session);
        Ok(())
    }
}
