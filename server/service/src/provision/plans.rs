use super::{
    finish,
    steps::{
        apply_limits::ApplyLimits, apply_template::ApplyTemplate, change_passwords::ChangePasswords,
        check_capacity::CheckCapacity, clear_passwords::ClearPasswords, create_database::CreateDatabase,
        create_roles::CreateRoles, hand_over::HandOver, install_extensions::InstallExtensions,
        store_secrets::StoreSecrets, verify_access::VerifyAccess, write_allowlist::WriteAllowlist,
    },
    tools::{Hold, Tools},
};
use crate::{
    Result,
    engine::{Ended, Plan, RunRow, Step},
};
use async_trait::async_trait;
use innkeeper_domain::run::RunKind;
use sqlx::PgConnection;
use std::sync::Arc;

type Steps = Vec<Box<dyn Step<Hold>>>;

/// All plans of the portal.
pub fn plans(tools: &Arc<Tools>) -> Vec<Arc<dyn Plan<Hold>>> {
    let t = || tools.clone();
    let onboard: Steps = vec![
        Box::new(CheckCapacity(t())),
        Box::new(CreateRoles(t())),
        Box::new(CreateDatabase(t())),
        Box::new(ApplyTemplate(t())),
        Box::new(InstallExtensions(t())),
        Box::new(ApplyLimits(t())),
        Box::new(WriteAllowlist(t())),
        Box::new(StoreSecrets(t())),
        Box::new(VerifyAccess { tools: t(), opens: true }),
        Box::new(HandOver { tools: t(), first: true }),
    ];
    let renew: Steps = vec![
        Box::new(ChangePasswords(t())),
        Box::new(StoreSecrets(t())),
        Box::new(VerifyAccess { tools: t(), opens: false }),
        Box::new(HandOver { tools: t(), first: false }),
    ];
    let expire: Steps = vec![Box::new(ClearPasswords(t()))];
    [(RunKind::Onboard, onboard), (RunKind::RenewPasswords, renew), (RunKind::ExpirePasswords, expire)]
        .into_iter()
        .map(|(kind, steps)| Arc::new(TenantPlan { tools: t(), kind, steps }) as Arc<dyn Plan<Hold>>)
        .collect()
}

/// Steps, and what becomes of the tenant when they end.
struct TenantPlan {
    tools: Arc<Tools>,
    kind: RunKind,
    steps: Steps,
}

#[async_trait]
impl Plan<Hold> for TenantPlan {
    fn kind(&self) -> RunKind {
        self.kind
    }

    fn steps(&self) -> &[Box<dyn Step<Hold>>] {
        &self.steps
    }

    async fn ended(&self, run: &RunRow, how: &Ended, conn: &mut PgConnection) -> Result<()> {
        finish::ended(&self.tools, run, how, conn).await
    }
}
