//! How a change to an organisation's sign-in begins and ends.

use super::view::{OrganisationView, load};
use crate::{
    Result, Service,
    context::{audit::Action, requester::Requester},
    db::Tx,
};
use innkeeper_domain::{name::draw_plain, permission::Permission};
use serde_json::Value;

/// Begins a change by somebody with the permission. Of two at once the second waits, and sees what the first did.
pub(crate) async fn begin(
    service: &Service,
    requester: &Requester,
    permission: Permission,
    slug: &str,
) -> Result<(Tx, OrganisationView)> {
    let mut tx = requester.begin(&service.pool).await?;
    let organisation = load(&mut tx, requester, permission, slug).await?;
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
    action: Action,
    detail: Value,
) -> Result<()> {
    requester.audit(action).of(organisation).detail(detail).record(&mut tx, &service.ids).await?;
    Ok(tx.commit().await?)
}
