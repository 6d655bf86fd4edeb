use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, TenantCode},
        requester::Requester,
    },
    db::{Tx, transition},
    tenants::{self, TenantView, handoff},
    workflows::{self, engine},
};
use innkeeper_domain::{
    ids::RunId, permission::Permission, run::RunKind, tenant::TenantState, transition::Transition,
};
use serde_json::json;

/// Cuts an active tenant off. `typed` is its name, as the person typed it.
pub async fn suspend(service: &Service, requester: &Requester, name: &str, typed: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, requester, Permission::LifecycleChange, name).await?;
    check_typed(&tenant, typed)?;
    check_state(&tenant, &[TenantState::Active])?;
    start(service, requester, &mut tx, &tenant, RunKind::Suspend, Action::TenantSuspend).await?;
    Ok(tx.commit().await?)
}

/// Lets a suspended tenant in again.
pub async fn resume(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, requester, Permission::LifecycleChange, name).await?;
    check_state(&tenant, &[TenantState::Suspended])?;
    start(service, requester, &mut tx, &tenant, RunKind::Resume, Action::TenantResume).await?;
    Ok(tx.commit().await?)
}

/// Cuts a tenant off and schedules its removal. Passwords that wait to be handed over are destroyed.
pub async fn destroy(service: &Service, requester: &Requester, name: &str, typed: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, requester, Permission::LifecycleChange, name).await?;
    check_typed(&tenant, typed)?;
    check_state(&tenant, &[TenantState::Active, TenantState::Suspended])?;
    start(service, requester, &mut tx, &tenant, RunKind::Destroy, Action::TenantDelete).await?;
    if !transition(&mut tx, tenant.id, Transition::DeletionRequested).await? {
        return Err(Error::Conflict);
    }
    handoff::revoke(&mut tx, tenant.id).await?;
    Ok(tx.commit().await?)
}

/// Gives a tenant back: turns its destruction round where that is under way or stuck, else undoes it.
pub async fn keep(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, requester, Permission::LifecycleChange, name).await?;
    check_state(&tenant, &[TenantState::Destroying])?;
    if let Some(run) = live(&mut tx, &tenant, RunKind::Destroy).await? {
        let why = format!("{} cancelled the deletion.", requester.signed_in()?.email);
        if !engine::turn_back(&mut tx, run, &why).await? {
            return Err(Error::Conflict);
        }
        requester
            .audit(Action::TenantDeletionCancel)
            .of(&tenant)
            .detail(json!({ "turned_back": run }))
            .record(&mut tx, &service.ids)
            .await?;
    } else {
        start(service, requester, &mut tx, &tenant, RunKind::UndoDestroy, Action::TenantDeletionCancel)
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Lets a suspension or destruction that is stuck go on where it stopped.
pub async fn try_again(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, requester, Permission::RunResume, name).await?;
    let kind = match tenant.state {
        TenantState::Suspended => RunKind::Suspend,
        TenantState::Destroying => RunKind::Destroy,
        _ => return Err(Error::Conflict),
    };
    let run = live(&mut tx, &tenant, kind).await?.ok_or(Error::Conflict)?;
    if !engine::go_on(&mut tx, run, workflows::deadline(kind)).await? {
        return Err(Error::Conflict);
    }
    requester
        .audit(Action::RunResume)
        .of(&tenant)
        .detail(json!({ "run": run }))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}

/// Makes new passwords ([`handoff::renew`]), once the tenant's name was typed.
pub async fn rotate(service: &Service, requester: &Requester, name: &str, typed: &str) -> Result<()> {
    let (tx, tenant) = begin(service, requester, Permission::CredentialsReset, name).await?;
    check_typed(&tenant, typed)?;
    tx.rollback().await?;
    handoff::renew(service, requester, name).await
}

/// Begins a transaction that holds the tenant's row, for whom has the permission.
pub(super) async fn begin(
    service: &Service,
    requester: &Requester,
    permission: Permission,
    name: &str,
) -> Result<(Tx, TenantView)> {
    let mut tx = requester.begin(&service.pool).await?;
    let id = tenants::load(&mut tx, requester, permission, name).await?.id;
    // In the order of the workers: the run first, then the tenant.
    sqlx::query!("select id from live_run where tenant_id = $1 for update", id.0)
        .fetch_optional(&mut *tx)
        .await?;
    // Not `for update`, which would wait for whoever writes a row that names this tenant.
    sqlx::query!("select id from tenant where id = $1 for no key update", id.0).fetch_one(&mut *tx).await?;
    // Read again, now that nobody changes it.
    let tenant = tenants::load(&mut tx, requester, permission, name).await?;
    Ok((tx, tenant))
}

fn check_typed(tenant: &TenantView, typed: &str) -> Result<()> {
    if typed.trim() == tenant.name.as_str() {
        return Ok(());
    }
    Err(Error::rejected(Field::Confirmation, TenantCode::NotConfirmed { name: tenant.name.clone() }))
}

fn check_state(tenant: &TenantView, wanted: &[TenantState]) -> Result<()> {
    if wanted.contains(&tenant.state) { Ok(()) } else { Err(Error::Conflict) }
}

async fn live(tx: &mut Tx, tenant: &TenantView, kind: RunKind) -> Result<Option<RunId>> {
    let id = sqlx::query_scalar!(
        r#"select id as "id!" from live_run where tenant_id = $1 and kind = $2"#,
        tenant.id.0,
        kind.as_str(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(id.map(RunId))
}

async fn start(
    service: &Service,
    requester: &Requester,
    tx: &mut Tx,
    tenant: &TenantView,
    kind: RunKind,
    action: Action,
) -> Result<()> {
    let whose = (tenant.organisation_id, tenant.id);
    let (run, number) =
        workflows::start_run(&service.ids, &*service.random, tx, kind, whose, json!({})).await?;
    requester
        .audit(action)
        .of(tenant)
        .detail(json!({ "run": run, "number": number }))
        .record(tx, &service.ids)
        .await?;
    Ok(())
}
