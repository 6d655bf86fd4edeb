use super::{change::begin, view::is_live};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{ErrorCode, Field, InputCode, TenantCode},
        requester::Requester,
    },
    fleet::capacity::{self, Place},
    tenants::{self, RunLine, TenantView, request},
    workflows,
};
use innkeeper_domain::{
    capacity::Claim, permission::Permission, plan::Plan, ports::Usage, run::RunKind, tenant::TenantState,
};
use serde_json::json;
use sqlx::PgConnection;

/// The plans a tenant could have, for admins.
#[derive(Debug, Clone)]
pub struct PlanView {
    /// The tenant.
    pub tenant: TenantView,
    /// The plans that need no staff, the smallest first.
    pub offers: Vec<PlanOffer>,
    /// What the tenant uses now; none when its server does not say so.
    pub usage: Option<Usage>,
    /// The newest run that changed the plan, or tried to; live or over.
    pub run: Option<RunLine>,
    /// A run of any kind is live: another plan has to wait for its end.
    pub live: bool,
}

/// A plan, and whether the tenant could have it.
#[derive(Debug, Clone)]
pub struct PlanOffer {
    /// The plan.
    pub plan: Plan,
    /// The tenant has it, in this version.
    pub current: bool,
    /// Why the tenant cannot have it, and what to do.
    pub refused: Option<ErrorCode>,
}

/// The plans a tenant could have, for admins.
pub async fn plans(service: &Service, requester: &Requester, name: &str) -> Result<PlanView> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::PlanView, name).await?;
    let run = tenants::latest_of(&mut tx, tenant.id, &[RunKind::ChangePlan]).await?;
    let live = is_live(&mut tx, tenant.id).await?;
    let published = request::plans(&mut tx).await?;
    let place = place(&mut tx, &tenant).await?;
    tx.commit().await?;
    let usage = tenants::usage(service, &tenant).await;
    let offers = published
        .into_iter()
        .map(|plan| PlanOffer {
            current: plan.name == tenant.plan.name && plan.version == tenant.plan.version,
            refused: refusal(&plan, usage.as_ref()).or_else(|| no_room(&tenant, &plan, place.as_ref())),
            plan,
        })
        .collect();
    Ok(PlanView { tenant, offers, usage, run, live })
}

/// The tenant's server.
async fn place(conn: &mut PgConnection, tenant: &TenantView) -> Result<Option<Place>> {
    let places = capacity::places(conn, Some(tenant.id)).await?;
    Ok(places.into_iter().find(|place| Some(place.id) == tenant.server))
}

/// What the server has too little of for the plan.
fn no_room(tenant: &TenantView, plan: &Plan, place: Option<&Place>) -> Option<ErrorCode> {
    let (has, wants) = (Claim::of(&tenant.plan.limits), Claim::of(&plan.limits));
    Some(place?.short(has, wants)?.into())
}

/// What is stored already has to fit.
fn refusal(plan: &Plan, usage: Option<&Usage>) -> Option<ErrorCode> {
    let most_gb = i64::from(plan.limits.storage_gb);
    let used = usage?.size_bytes;
    (used > most_gb.saturating_mul(1 << 30)).then(|| {
        let stored_gb = used.div_euclid(1 << 30) + 1;
        TenantCode::DataTooLarge { plan: plan.label.clone(), stored_gb, most_gb }.into()
    })
}

/// Gives an active tenant another plan.
pub async fn change_plan(service: &Service, requester: &Requester, name: &str, plan: &str) -> Result<()> {
    // Asked before the transaction: nothing outside happens inside one.
    let usage = plans(service, requester, name).await?.usage;
    let (mut tx, tenant) = begin(service, requester, Permission::PlanChange, name).await?;
    if tenant.state != TenantState::Active {
        return Err(Error::Conflict);
    }
    let wished = request::plans(&mut tx).await?.into_iter().find(|one| one.name == plan);
    let wished = wished.ok_or_else(|| Error::rejected(Field::Plan, InputCode::UnknownChoice))?;
    if wished.name == tenant.plan.name && wished.version == tenant.plan.version {
        return Err(Error::rejected(Field::Plan, TenantCode::SamePlan { plan: wished.label }));
    }
    if let Some(why) = refusal(&wished, usage.as_ref()) {
        return Err(Error::rejected(Field::Plan, why));
    }
    let server = tenant.server.ok_or(Error::Conflict)?;
    let place = capacity::locked(&mut tx, server, tenant.id).await?;
    if let Some(why) = no_room(&tenant, &wished, Some(&place)) {
        return Err(Error::rejected(Field::Plan, why));
    }
    let wish = json!(workflows::PlanWish { plan: wished.name.clone(), version: wished.version });
    let whose = (tenant.organisation_id, tenant.id);
    let (run, number) =
        workflows::start_run(&service.ids, &*service.random, &mut tx, RunKind::ChangePlan, whose, wish)
            .await?;
    let both = Claim::of(&tenant.plan.limits).larger(Claim::of(&wished.limits));
    capacity::keep(&mut tx, whose, server, both).await?;
    let detail = json!({
        "from": tenant.plan.name, "to": wished.name, "version": wished.version, "run": run, "number": number,
    });
    requester
        .audit(Action::TenantChangePlan)
        .of(&tenant)
        .detail(detail)
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}
