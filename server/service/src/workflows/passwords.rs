//! The passwords of a tenant's roles: drawn and sealed, opened, and given to the roles.

use crate::workflows::{
    engine::{RunRow, StepError},
    provisioning_context::Tools,
    secrets::{self, Purpose},
    tenant_record::Subject,
};
use innkeeper_domain::{
    ids::TenantId,
    password::draw_password,
    ports::{RoleVerifiers, TenantSession},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};

/// The sealed passwords of a tenant; drawn and sealed where there are none.
pub async fn draw_or_open(tools: &Tools, run: &RunRow) -> Result<PerRole<Secret>, StepError> {
    let RunRow { organisation, tenant, .. } = *run;
    let mut tx = run.begin(&tools.pool).await?;
    let mut passwords = PerRole::default();
    for role in TenantRole::ALL {
        let purpose = Purpose::Password(*role);
        let password = if let Some(sealed) = secrets::get(&mut tx, &*tools.sealer, tenant, purpose).await? {
            sealed
        } else {
            let drawn = draw_password(&*tools.random);
            secrets::put(&mut tx, &*tools.sealer, organisation, tenant, purpose, &drawn).await?;
            drawn
        };
        *passwords.of_mut(*role) = password;
    }
    tx.commit().await?;
    Ok(passwords)
}

/// The sealed passwords of a tenant, all three.
pub async fn open_sealed(tools: &Tools, tenant: TenantId) -> Result<PerRole<Secret>, StepError> {
    let mut conn = tools.pool.acquire().await?;
    let mut passwords = PerRole::default();
    for role in TenantRole::ALL {
        *passwords.of_mut(*role) = secrets::get(&mut conn, &*tools.sealer, tenant, Purpose::Password(*role))
            .await?
            .ok_or_else(|| {
                StepError::Fatal(format!("The encrypted password of the {} role is missing.", role.as_str()))
            })?;
    }
    Ok(passwords)
}

/// Ends the tenant's sessions and makes its roles anew with these verifiers, or without passwords. Then they may sign in
/// again, as far as the tenant is in use.
pub async fn reset_roles(
    session: &mut dyn TenantSession,
    subject: &Subject,
    verifiers: &RoleVerifiers,
) -> Result<(), StepError> {
    session.reset_roles(verifiers).await?;
    if subject.storage_full {
        session.set_read_only(true).await?;
    }
    if subject.is_in_use() {
        session.let_in(&subject.limits).await?;
    }
    Ok(())
}
