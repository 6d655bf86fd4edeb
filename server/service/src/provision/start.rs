use crate::{
    Result, Service,
    engine::{NewRun, start},
};
use innkeeper_domain::{
    ids::{AccountId, Ids, OrganisationId, RunId, TenantId},
    ports::Random,
    run::RunKind,
    support::SupportNumber,
};
use serde_json::json;
use sqlx::PgConnection;

/// The names of the steps, in order. They are stored: renaming is adding. A test compares them with the plans.
pub fn names(kind: RunKind) -> &'static [&'static str] {
    match kind {
        RunKind::Onboard => &[
            "check_capacity",
            "create_roles",
            "create_database",
            "apply_template",
            "install_extensions",
            "apply_limits",
            "write_allowlist",
            "store_secrets",
            "verify_access",
            "hand_over",
        ],
        RunKind::RenewPasswords => &["change_passwords", "store_secrets", "verify_access", "hand_over"],
        RunKind::ExpirePasswords => &["clear_passwords"],
    }
}

/// Minutes after which a run that has not ended is undone.
const DEADLINE: i32 = 15;

/// Starts to make a tenant, in the transaction that accepts it.
pub async fn start_onboarding(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
) -> Result<(RunId, SupportNumber)> {
    let new =
        NewRun { kind: RunKind::Onboard, organisation, tenant, input: json!({}), deadline_minutes: DEADLINE };
    start(conn, &service.ids, &*service.random, &new, names(new.kind)).await
}

/// Starts to replace a tenant's passwords and to hand them over to this person.
pub async fn start_renewal(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
    addressed_to: AccountId,
) -> Result<(RunId, SupportNumber)> {
    let input = json!({ "addressed_to": addressed_to });
    let new =
        NewRun { kind: RunKind::RenewPasswords, organisation, tenant, input, deadline_minutes: DEADLINE };
    start(conn, &service.ids, &*service.random, &new, names(new.kind)).await
}

/// Starts to take the passwords away that nobody opened in time.
pub async fn start_expiry(
    ids: &Ids,
    random: &dyn Random,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
) -> Result<(RunId, SupportNumber)> {
    let new = NewRun {
        kind: RunKind::ExpirePasswords,
        organisation,
        tenant,
        input: json!({}),
        deadline_minutes: DEADLINE,
    };
    start(conn, ids, random, &new, names(new.kind)).await
}
