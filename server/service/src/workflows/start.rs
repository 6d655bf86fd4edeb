use crate::{
    Error, Result, Service,
    context::field_error::Field,
    fleet::capacity,
    workflows::engine::{NewRun, start},
};
use innkeeper_domain::{
    ids::{AccountId, Ids, OrganisationId, RunId, TenantId},
    ports::Random,
    run::RunKind,
    support::SupportNumber,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// What the trigger `exclude_runs` calls the rule that a run breaks which another one excludes.
const RUN_EXCLUDED: &str = "run_excluded";

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
        RunKind::Suspend => &["cut_off"],
        RunKind::Resume => &["let_in"],
        RunKind::Destroy => &["cut_off", "final_backup", "close_database"],
        RunKind::UndoDestroy => &["open_database", "let_in"],
        RunKind::Remove => &[
            "check_removal",
            "drop_database",
            "drop_roles",
            "remove_allowlist",
            "destroy_secrets",
            "release_capacity",
        ],
        RunKind::ChangePlan => &["change_reservation", "change_limits"],
    }
}

/// Minutes after which a run that has not ended is undone, or held where that would lose something. A final backup may
/// be large.
pub fn deadline(kind: RunKind) -> i32 {
    if matches!(kind, RunKind::Destroy | RunKind::Remove) { 24 * 60 } else { 15 }
}

/// Starts a run about a tenant, in the transaction that asks for it. [`Error::Conflict`] while one is live that its kind
/// excludes (table `concurrent_run_kinds`).
pub async fn start_run(
    ids: &Ids,
    random: &dyn Random,
    conn: &mut PgConnection,
    kind: RunKind,
    (organisation, tenant): (OrganisationId, TenantId),
    input: Value,
) -> Result<(RunId, SupportNumber)> {
    let new = NewRun { kind, organisation, tenant, input, deadline_minutes: deadline(kind) };
    match start(conn, ids, random, &new, names(kind)).await {
        Err(Error::Database(error)) if Error::breaks(&error, RUN_EXCLUDED) => Err(Error::Conflict),
        started => started,
    }
}

/// Starts to make a tenant, in the transaction that accepts it: its place is reserved with it. The region is refused
/// where there is no room.
pub async fn start_onboarding(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
) -> Result<(RunId, SupportNumber)> {
    let whose = (organisation, tenant);
    capacity::reserve(conn, whose).await?.map_err(|short| Error::rejected(Field::Region, short))?;
    start_run(&service.ids, &*service.random, conn, RunKind::Onboard, whose, json!({})).await
}

/// Starts to replace a tenant's passwords and to hand them over to this person.
pub async fn start_renewal(
    service: &Service,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
    addressed_to: AccountId,
) -> Result<(RunId, SupportNumber)> {
    let (whose, input) = ((organisation, tenant), json!({ "addressed_to": addressed_to }));
    start_run(&service.ids, &*service.random, conn, RunKind::RenewPasswords, whose, input).await
}

/// Starts to take the passwords away that nobody opened in time.
pub async fn start_expiry(
    ids: &Ids,
    random: &dyn Random,
    conn: &mut PgConnection,
    organisation: OrganisationId,
    tenant: TenantId,
) -> Result<(RunId, SupportNumber)> {
    start_run(ids, random, conn, RunKind::ExpirePasswords, (organisation, tenant), json!({})).await
}
