use crate::{
    fleet::warm_pool,
    workflows::{
        engine::{Outcome, Step, StepCx, StepError},
        passwords::draw_or_open,
        provisioning_context::{Hold, Tools},
        secrets::{self, Purpose},
        tenant_record::open,
    },
};
use async_trait::async_trait;
use innkeeper_domain::{
    ports::{RoleVerifiers, Verifier},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use std::sync::Arc;

/// Seals three passwords, then makes the roles that will have them: anew, or with their database from the slot that was
/// claimed. They may not sign in yet.
pub struct CreateRoles(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CreateRoles {
    fn name(&self) -> &'static str {
        "create_roles"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        // Sealed before the first definition on the server; a retry uses the same ones.
        let passwords = draw_or_open(&self.0, cx.run).await?;
        let slot = warm_pool::claimed(&mut *self.0.pool.acquire().await?, cx.run.tenant).await?;
        let (verifiers, session) = tokio::join!(verifiers(&self.0.verifier, &passwords), open(&self.0, cx));
        let (verifiers, (_, mut session)) = (verifiers?, session?);
        let claimed = match &slot {
            Some(slot) => session.claim(slot, &verifiers).await?,
            None => false,
        };
        // Also after a claim of an earlier try, and where somebody took the slot from the server.
        if !claimed {
            session.create_roles(&verifiers).await?;
        }
        cx.hold.keep(session);
        let from = if claimed { ", using a pre-created database" } else { "" };
        Ok(Outcome::Done(format!("Owner, application and read-only{from}")))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let slot = warm_pool::claimed(&mut *self.0.pool.acquire().await?, cx.run.tenant).await?;
        let (_, mut session) = open(&self.0, cx).await?;
        // The claim brought the database with the roles, whether or not the next step was reached.
        if slot.is_some() {
            session.drop_database().await?;
        }
        session.drop_roles().await?;
        cx.hold.keep(session);
        let mut tx = cx.run.begin(&self.0.pool).await?;
        for role in TenantRole::ALL {
            secrets::destroy(&mut tx, cx.run.tenant, Purpose::Password(*role)).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Computes what the server keeps of each password. They are made to take time: side by side, and not where other work
/// waits behind them.
async fn verifiers(
    verifier: &Arc<dyn Verifier>,
    passwords: &PerRole<Secret>,
) -> Result<RoleVerifiers, StepError> {
    let one = |role| {
        let (verifier, password) = (verifier.clone(), passwords.of(role).clone());
        tokio::task::spawn_blocking(move || Some(verifier.verifier(&password)))
    };
    let PerRole { owner, app, readonly } = PerRole::make(one);
    let ended = |_| StepError::Retry("An internal error of the portal; see its log.".into());
    let (owner, app, readonly) = tokio::try_join!(owner, app, readonly).map_err(ended)?;
    Ok(PerRole { owner, app, readonly })
}
