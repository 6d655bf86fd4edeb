use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    passwords::{draw_or_open, reset_roles},
    provisioning_context::{Hold, Tools},
    secrets::{self, Purpose},
    tenant_record::open,
};
use async_trait::async_trait;
use innkeeper_domain::tenant::{PerRole, TenantRole};
use std::sync::Arc;

/// Ends the sessions of the three roles and gives them new passwords. Whoever asks for that may do so since somebody has
/// the old ones: they never come back. What is undone leaves the roles without passwords (ADR 16).
pub struct ChangePasswords(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ChangePasswords {
    fn name(&self) -> &'static str {
        "change_passwords"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let tools = &self.0;
        // Sealed before they are on the server; a retry uses the same ones.
        let passwords = draw_or_open(tools, cx.run).await?;
        let verifiers = PerRole::make(|role| Some(tools.verifier.verifier(passwords.of(role))));
        let (subject, mut session) = open(tools, cx).await?;
        reset_roles(&mut *session, &subject, &verifiers).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("Owner, application and read-only; their connections were closed".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        reset_roles(&mut *session, &subject, &PerRole::make(|_| None)).await?;
        cx.hold.keep(session);
        let mut tx = cx.run.begin(&self.0.pool).await?;
        for role in TenantRole::ALL {
            secrets::destroy(&mut tx, cx.run.tenant, Purpose::Password(*role)).await?;
            // Of a run that an earlier version began.
            secrets::destroy(&mut tx, cx.run.tenant, Purpose::FormerVerifier(*role)).await?;
        }
        Ok(tx.commit().await?)
    }
}
