//! The making of a tenant as its people watch it, and what they can do when it failed.

use crate::{
    Error, Result, Service,
    context::{audit::Action, requester::Requester},
    db::{Tx, transition},
    tenants::{
        self, RunLine, TenantView,
        request::{self, Draft},
    },
    workflows,
};
use innkeeper_domain::{permission::Permission, tenant::TenantState, transition::Transition};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// How the making of a tenant stands.
#[derive(Debug, Clone)]
pub struct SetupView {
    /// The tenant.
    pub tenant: TenantView,
    /// The latest run that makes or made it.
    pub run: RunLine,
    /// How long that run took, or has taken so far, by the control database's clock.
    pub elapsed_seconds: f64,
    /// When something of it last changed.
    pub changed_at: OffsetDateTime,
    /// The address of the person who asked for the tenant.
    pub requested_by: String,
}

/// How the making of a tenant stands; [`Error::NotFound`] if it never began.
pub async fn view(service: &Service, requester: &Requester, name: &str) -> Result<SetupView> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::TenantView, name).await?;
    let (run, elapsed_seconds, changed_at) =
        tenants::latest_onboarding(&mut tx, tenant.id).await?.ok_or(Error::NotFound)?;
    let requested_by = sqlx::query_scalar!(
        "select a.email from account a join tenant t on t.requested_by = a.id where t.id = $1",
        tenant.id.0
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(SetupView { tenant, run, elapsed_seconds, changed_at, requested_by })
}

/// Makes a tenant again that could not be made. Of presses at once one starts a run, the others are
/// [`Error::Conflict`], as is everything but a failed tenant. The region is refused where there is no room.
pub async fn retry(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let (mut tx, tenant, locked) = begin(service, requester, name).await?;
    if locked.state != TenantState::Failed {
        return Err(Error::Conflict);
    }
    if !transition(&mut tx, tenant.id, Transition::OnboardingRetried).await? {
        return Err(Error::Conflict);
    }
    let (run, number) =
        workflows::start_onboarding(service, &mut tx, tenant.organisation_id, tenant.id).await?;
    let detail = json!({ "run": run, "number": number });
    requester.audit(Action::TenantRetry).of(&tenant).detail(detail).record(&mut tx, &service.ids).await?;
    Ok(tx.commit().await?)
}

/// Gives up a tenant that could not be made, of which nothing is left on any server, and puts what was wished for
/// into the requester's draft. Pressed again it changes nothing.
pub async fn start_over(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let (mut tx, tenant, locked) = begin(service, requester, name).await?;
    match locked.state {
        TenantState::Failed => {}
        TenantState::Destroyed => return Ok(()),
        _ => return Err(Error::Conflict),
    }
    if !transition(&mut tx, tenant.id, Transition::Abandoned).await? {
        return Err(Error::Conflict);
    }
    sqlx::query!("delete from sealed_secret where tenant_id = $1", tenant.id.0).execute(&mut *tx).await?;
    keep_wishes(service, requester, &mut tx, &tenant, locked.region).await?;
    requester.audit(Action::TenantStartOver).of(&tenant).record(&mut tx, &service.ids).await?;
    Ok(tx.commit().await?)
}

struct Locked {
    state: TenantState,
    region: String,
}

/// Begins a transaction that holds the tenant's row, for an admin.
async fn begin(service: &Service, requester: &Requester, name: &str) -> Result<(Tx, TenantView, Locked)> {
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::OnboardingRetry, name).await?;
    // Not `for update`, which would wait for whoever writes a row that names this tenant.
    let row = sqlx::query!("select state, region from tenant where id = $1 for no key update", tenant.id.0)
        .fetch_one(&mut *tx)
        .await?;
    let state = TenantState::parse(&row.state).ok_or_else(|| Error::corrupt("tenant state", &row.state))?;
    Ok((tx, tenant, Locked { state, region: row.region }))
}

async fn keep_wishes(
    service: &Service,
    requester: &Requester,
    conn: &mut PgConnection,
    tenant: &TenantView,
    region: String,
) -> Result<()> {
    let addresses: Vec<_> = tenant.reach.ranges().iter().map(ToString::to_string).collect();
    let anywhere = matches!(tenant.reach, innkeeper_domain::allowlist::Reach::Anywhere);
    let draft = Draft {
        organisation: tenant.organisation.clone(),
        database: tenant.wish.clone(),
        plan: tenant.plan.name.clone(),
        region,
        addresses: addresses.join("\n"),
        allow_any: if anywhere { "on".into() } else { String::new() },
        extensions: tenant.extensions.iter().map(ToString::to_string).collect(),
    };
    request::keep(conn, service.ids.make(), requester.signed_in()?.id, &draft).await
}

#[cfg(test)]
mod tests;
