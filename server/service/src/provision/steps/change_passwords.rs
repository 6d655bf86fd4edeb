use super::create_roles::sealed_passwords;
use crate::{
    engine::{Outcome, Step, StepCx, StepError},
    provision::{
        subject::open,
        tools::{Hold, Tools},
    },
    seal::{self, Purpose},
};
use async_trait::async_trait;
use innkeeper_domain::{
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use std::sync::Arc;

/// Gives the three roles new passwords; what the server kept of the old ones is sealed, so that undoing puts it back.
pub struct ChangePasswords(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ChangePasswords {
    fn name(&self) -> &'static str {
        "change_passwords"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let (tools, run) = (&self.0, cx.run);
        let first_try = {
            let mut conn = tools.pool.acquire().await?;
            seal::get(&mut conn, &*tools.sealer, run.tenant, Purpose::FormerVerifier(TenantRole::Owner))
                .await?
                .is_none()
        };
        let (_, mut session) = open(tools, cx).await?;
        if first_try {
            let former = session.read_verifiers().await?;
            let mut tx = cx.run.begin(&tools.pool).await?;
            for (role, verifier) in former.iter() {
                // A role without a password is kept as an empty text. So is one that gave itself an MD5 password, with
                // which no rule lets it in.
                let scram = |text: &Secret| text.expose().starts_with("SCRAM-SHA-256$");
                let verifier = verifier.clone().filter(scram).unwrap_or_default();
                let purpose = Purpose::FormerVerifier(role);
                seal::put(&mut tx, &*tools.sealer, run.organisation, run.tenant, purpose, &verifier).await?;
                seal::destroy(&mut tx, run.tenant, Purpose::Password(role)).await?;
            }
            tx.commit().await?;
        }
        let passwords = sealed_passwords(tools, run).await?;
        session
            .set_verifiers(&PerRole::make(|role| Some(tools.verifier.verifier(passwords.of(role)))))
            .await?;
        cx.hold.keep(session);
        Ok(Outcome::Done("Owner, application and read-only; the old ones no longer work".into()))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (tools, run) = (&self.0, cx.run);
        let mut former = PerRole::default();
        let mut conn = tools.pool.acquire().await?;
        for role in TenantRole::ALL {
            match seal::get(&mut conn, &*tools.sealer, run.tenant, Purpose::FormerVerifier(*role)).await? {
                Some(verifier) => *former.of_mut(*role) = (!verifier.expose().is_empty()).then_some(verifier),
                // Nothing was changed yet, or all was put back before.
                None => return Ok(()),
            }
        }
        drop(conn);
        let (_, mut session) = open(tools, cx).await?;
        session.set_verifiers(&former).await?;
        cx.hold.keep(session);
        let mut tx = cx.run.begin(&tools.pool).await?;
        for role in TenantRole::ALL {
            seal::destroy(&mut tx, run.tenant, Purpose::Password(*role)).await?;
            seal::destroy(&mut tx, run.tenant, Purpose::FormerVerifier(*role)).await?;
        }
        Ok(tx.commit().await?)
    }
}
