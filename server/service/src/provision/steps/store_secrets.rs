use crate::{
    engine::{Outcome, Step, StepCx, StepError},
    provision::tools::{Hold, Tools},
    seal::{self, Purpose},
};
use async_trait::async_trait;
use innkeeper_domain::{
    ids::TenantId,
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use std::sync::Arc;

/// Proves that the sealed copies can be opened; that they are what the server has is proved by signing in with them.
pub struct StoreSecrets(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for StoreSecrets {
    fn name(&self) -> &'static str {
        "store_secrets"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        read_back(&self.0, cx.run.tenant).await?;
        Ok(Outcome::Done("Three passwords, encrypted until you reveal them".into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        // It only looks; the step that sealed the passwords destroys them.
        Ok(())
    }
}

/// The sealed passwords of a tenant, all three.
pub async fn read_back(tools: &Tools, tenant: TenantId) -> Result<PerRole<Secret>, StepError> {
    let mut conn = tools.pool.acquire().await?;
    let mut passwords = PerRole::default();
    for role in TenantRole::ALL {
        *passwords.of_mut(*role) =
            seal::get(&mut conn, &*tools.sealer, tenant, Purpose::Password(*role)).await?.ok_or_else(
                || StepError::Fatal(format!("The sealed password of the {} role is missing.", role.as_str())),
            )?;
    }
    Ok(passwords)
}
