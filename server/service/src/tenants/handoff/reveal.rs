use super::{about, link, proof::Proof};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        outbox::{moment, to_admins},
        requester::Requester,
    },
    tenants,
};
use innkeeper_domain::{
    handoff::OPEN_FOR, ids::HandoffId, mail::Message, permission::Permission, tenant::TenantState,
};
use ipnet::IpNet;

/// Opens a sealed handoff in the requester's session, for 15 minutes. Only the addressed person can, with a fresh
/// sign-in; of all presses at once one wins. Where it is open in this very session already, nothing changes.
pub async fn reveal(service: &Service, requester: &Requester, name: &str) -> Result<()> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::HandoffReveal, name).await?;
    if tenant.state != TenantState::Active {
        return Err(Error::Conflict);
    }
    let opened = sqlx::query!(
        r#"update handoff set state = 'open', opened_at = now(), open_until = now() + make_interval(secs => $4),
             opened_in = $3, opened_from = $5
           where tenant_id = $1 and addressed_to = $2 and state = 'sealed' and sealed_until > now()
           returning id, now() as "now!""#,
        tenant.id.0,
        person.id.0,
        requester.session()?.0,
        OPEN_FOR.as_seconds_f64(),
        IpNet::from(requester.browser()?.address),
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(opened) = opened else {
        return Proof::make(&mut tx, &tenant, requester).await?.map(|_| ()).ok_or(Error::Conflict);
    };
    requester
        .audit(Action::HandoffReveal)
        .of(&tenant)
        .detail(about(HandoffId(opened.id)))
        .record(&mut tx, &service.ids)
        .await?;
    let message = Message::CredentialsRevealed {
        tenant: tenant.name.to_string(),
        person: person.email.to_string(),
        address: requester.browser()?.address.to_string(),
        at: moment(opened.now),
        link: link(&service.settings.public_url, &tenant.name),
    };
    to_admins(&mut tx, &service.ids, &*service.sealer, tenant.organisation_id, &message).await?;
    Ok(tx.commit().await?)
}
