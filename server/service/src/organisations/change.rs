//! How a change to an organisation's sign-in begins and ends.

use super::view::{OrganisationView, load_as_admin};
use crate::{
    Result, Service,
    context::{
        audit::{self, Entry},
        requester::Requester,
    },
    db::Tx,
};
use innkeeper_domain::name::draw_plain;
use serde_json::Value;

/// Begins a change by an admin with a fresh sign-in. Of two at once the second waits, and sees what the first did.
pub(crate) async fn begin(
    service: &Service,
    requester: &Requester,
    slug: &str,
) -> Result<(Tx, OrganisationView)> {
    let person = requester.signed_in()?;
    let mut tx = person.begin(&service.pool).await?;
    let organisation = load_as_admin(&mut tx, person.id, slug).await?;
    requester.fresh()?;
    let provider = format!("org-{}", draw_plain(&*service.random, 10));
    sqlx::query!(
        "insert into organisation_identity (organisation_id, provider) values ($1, $2)
         on conflict (organisation_id) do nothing",
        organisation.id.0,
        provider,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "select provider from organisation_identity where organisation_id = $1 for update",
        organisation.id.0
    )
    .fetch_one(&mut *tx)
    .await?;
    Ok((tx, organisation))
}

/// Commits a change with what is told of it.
pub(crate) async fn end(
    service: &Service,
    requester: &Requester,
    mut tx: Tx,
    organisation: &OrganisationView,
    action: &'static str,
    detail: Value,
) -> Result<()> {
    let entry = Entry {
        actor: requester.actor(),
        address: Some(requester.address),
        action,
        subject: &organisation.name,
        organisation: Some(organisation.id),
        tenant: None,
        detail,
    };
    audit::record(&mut tx, &service.ids, entry).await?;
    Ok(tx.commit().await?)
}
