use super::{
    about, destroy_copies,
    view::{latest, renewing},
};
use crate::{
    Error, Result, Service,
    context::{audit::Action, requester::Requester},
    tenants, workflows,
};
use innkeeper_domain::{handoff::HandoffState, ids::HandoffId, permission::Permission, tenant::TenantState};
use serde_json::json;

/// The person has saved the passwords: the sealed copies are destroyed. After the window the addressed person can
/// still say so. Pressed again it changes nothing.
pub async fn confirm(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let person = requester.signed_in()?;
    let session = requester.session()?;
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::HandoffView, name).await?;
    // The row lock decides between a press, a second one and the sweep.
    let handoff = sqlx::query!(
        r#"select id, state, opened_in, coalesce(open_until <= now(), false) as "over!" from handoff
           where addressed_to = $2
             and id = (select id from handoff where tenant_id = $1 order by created_at desc, id desc limit 1)
           for update"#,
        tenant.id.0,
        person.id.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    match HandoffState::parse(&handoff.state) {
        Some(HandoffState::Open) if handoff.over || handoff.opened_in == Some(session.0) => {
            destroy_copies(&mut tx, tenant.id).await?;
        }
        // Its copies are gone; those there now would be of a run that makes new passwords.
        Some(HandoffState::Lapsed) => {}
        Some(HandoffState::Confirmed) => return Ok(()),
        _ => return Err(Error::Conflict),
    }
    sqlx::query!("update handoff set state = 'confirmed', closed_at = now() where id = $1", handoff.id)
        .execute(&mut *tx)
        .await?;
    requester
        .audit(Action::HandoffConfirm)
        .of(&tenant)
        .detail(about(HandoffId(handoff.id)))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}

/// Makes new passwords, addressed to the requester. Possible where nobody waits for the old ones: not while they are
/// sealed for somebody or shown in this very session. Of all presses at once one starts a run.
pub async fn renew(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::CredentialsReset, name).await?;
    let session = requester.session()?;
    // Not `for update`, which would wait for whoever writes a row that names this tenant.
    let state = sqlx::query_scalar!("select state from tenant where id = $1 for no key update", tenant.id.0)
        .fetch_one(&mut *tx)
        .await?;
    if state != TenantState::Active.as_str() {
        return Err(Error::Conflict);
    }
    if renewing(&mut tx, tenant.id).await? {
        return Ok(());
    }
    // Held before it is read: a press or the sweep that came first is seen as what it made of the handoff.
    sqlx::query!(
        "select id from handoff where tenant_id = $1 and state in ('sealed', 'open') for update",
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let before = latest(&mut tx, tenant.id).await?.ok_or(Error::Conflict)?;
    let elsewhere = before.opened_in != Some(session.0) || before.addressed_to != person.id.0;
    let closed_as = match before.state {
        HandoffState::Open if elsewhere => HandoffState::Revoked,
        HandoffState::Sealed | HandoffState::Open => return Err(Error::Conflict),
        over => over,
    };
    sqlx::query!(
        "update handoff set state = $2, closed_at = now() where id = $1 and state in ('sealed', 'open')",
        before.id,
        closed_as.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    // Conflict where something else is done with the tenant, such as taking passwords away that nobody opened.
    let (run, number) =
        workflows::start_renewal(service, &mut tx, tenant.organisation_id, tenant.id, person.id).await?;
    // No other run is live: a copy that is left is none of a run that makes new ones.
    destroy_copies(&mut tx, tenant.id).await?;
    let detail =
        json!({ "handoff": HandoffId(before.id), "was": before.state, "run": run, "number": number });
    requester.audit(Action::HandoffRenew).of(&tenant).detail(detail).record(&mut tx, &service.ids).await?;
    Ok(tx.commit().await?)
}
