use crate::{
    engine::{Outcome, RunRow, Step, StepCx, StepError},
    provision::{
        subject::open,
        tools::{Hold, Tools},
    },
    seal::{self, Purpose},
};
use async_trait::async_trait;
use innkeeper_domain::{
    password::draw_password,
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use std::sync::Arc;

/// Seals three passwords, then makes the roles that will have them. They may not sign in yet.
pub struct CreateRoles(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CreateRoles {
    fn name(&self) -> &'static str {
        "create_roles"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        // Sealed before the first definition on the server; a retry uses the same ones.
        let passwords = sealed_passwords(&self.0, cx.run).await?;
        let verifiers = PerRole::make(|role| self.0.verifier.verifier(passwords.of(role)));
        let (_, mut session) = open(&self.0, cx).await?;
        session.create_roles(&verifiers).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("Owner, application and read-only".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (_, mut session) = open(&self.0, cx).await?;
        session.drop_roles().await?;
        cx.hold.keep(session);
        let mut tx = cx.run.begin(&self.0.pool).await?;
        for role in TenantRole::ALL {
            seal::destroy(&mut tx, cx.run.tenant, Purpose::Password(*role)).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// The sealed passwords of a tenant; drawn and sealed where there are none.
pub async fn sealed_passwords(tools: &Tools, run: &RunRow) -> Result<PerRole<Secret>, StepError> {
    let RunRow { organisation, tenant, .. } = *run;
    let mut tx = run.begin(&tools.pool).await?;
    let mut passwords = PerRole::default();
    for role in TenantRole::ALL {
        let purpose = Purpose::Password(*role);
        let password = if let Some(sealed) = seal::get(&mut tx, &*tools.sealer, tenant, purpose).await? {
            sealed
        } else {
            let drawn = draw_password(&*tools.random);
            seal::put(&mut tx, &*tools.sealer, organisation, tenant, purpose, &drawn).await?;
            drawn
        };
        *passwords.of_mut(*role) = password;
    }
    tx.commit().await?;
    Ok(passwords)
}
