use super::{
    provisioning_context::{Hold, Tools},
    steps::{
        access::{CutOff, LetIn},
        apply_limits::ApplyLimits,
        apply_template::ApplyTemplate,
        change_passwords::ChangePasswords,
        change_plan::{ChangeLimits, ChangeReservation},
        check_capacity::CheckCapacity,
        check_removal::CheckRemoval,
        clear_passwords::ClearPasswords,
        close_database::CloseDatabase,
        create_database::CreateDatabase,
        create_roles::CreateRoles,
        destroy_secrets::DestroySecrets,
        final_backup::FinalBackup,
        hand_over::HandOver,
        install_extensions::InstallExtensions,
        removing::Removing,
        store_secrets::StoreSecrets,
        verify_access::VerifyAccess,
        write_allowlist::WriteAllowlist,
    },
};
use crate::{
    Result,
    workflows::{
        engine::{Ended, Plan, RunRow, Step},
        run_outcome,
    },
};
use async_trait::async_trait;
use innkeeper_domain::run::RunKind;
use sqlx::PgConnection;
use std::sync::Arc;

type Steps = Vec<Box<dyn Step<Hold>>>;

/// All plans of the portal.
pub fn plans(tools: &Arc<Tools>) -> Vec<Arc<dyn Plan<Hold>>> {
    let plan = |kind: &RunKind| {
        let (tools, kind) = (tools.clone(), *kind);
        let steps = steps(kind, &tools);
        Arc::new(TenantPlan { tools, kind, steps }) as Arc<dyn Plan<Hold>>
    };
    RunKind::ALL.iter().map(plan).collect()
}

/// The steps of a kind of run, in order.
pub(super) fn steps(kind: RunKind, tools: &Arc<Tools>) -> Steps {
    let t = || tools.clone();
    match kind {
        RunKind::Onboard => vec![
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
        ],
        RunKind::RenewPasswords => vec![
            Box::new(ChangePasswords(t())),
            Box::new(StoreSecrets(t())),
            Box::new(VerifyAccess { tools: t(), opens: false }),
            Box::new(HandOver { tools: t(), first: false }),
        ],
        RunKind::ExpirePasswords => vec![Box::new(ClearPasswords(t()))],
        RunKind::Suspend => vec![Box::new(CutOff(t()))],
        RunKind::Resume => vec![Box::new(LetIn { tools: t(), always: true })],
        RunKind::Destroy => vec![
            Box::new(CutOff(t())),
            Box::new(FinalBackup(t())),
            Box::new(CloseDatabase { tools: t(), closes: true }),
        ],
        RunKind::UndoDestroy => vec![
            Box::new(CloseDatabase { tools: t(), closes: false }),
            Box::new(LetIn { tools: t(), always: false }),
        ],
        RunKind::Remove => vec![
            Box::new(CheckRemoval(t())),
            removing("drop_database", CreateDatabase(t()), "The database is deleted"),
            removing("drop_roles", CreateRoles(t()), "Its roles are deleted"),
            removing("remove_allowlist", WriteAllowlist(t()), "Its pg_hba.conf rules are removed"),
            Box::new(DestroySecrets(t())),
            removing("release_capacity", CheckCapacity(t()), "Its capacity is released"),
        ],
        RunKind::ChangePlan => vec![Box::new(ChangeReservation(t())), Box::new(ChangeLimits(t()))],
    }
}

fn removing(
    name: &'static str,
    made_by: impl Step<Hold> + 'static,
    says: &'static str,
) -> Box<dyn Step<Hold>> {
    Box::new(Removing { name, made_by: Box::new(made_by), says })
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
        run_outcome::ended(&self.tools, run, how, conn).await
    }
}
