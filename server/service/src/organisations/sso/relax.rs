//! The end of enforced single sign-on: by an admin, or by the operator where nobody can come in any more.

use crate::{
    Result,
    context::{
        audit::Action,
        deps::Store,
        requester::{Requester, Via},
    },
    organisations::{search, view},
};
use innkeeper_domain::{ids::OrganisationId, permission::Permission};
use serde_json::json;

/// An organisation that allows all sign-in methods.
#[derive(Debug, Clone)]
pub struct Relaxed {
    /// Which one.
    pub id: OrganisationId,
    /// Its name.
    pub name: String,
    /// The short names of the ways that were open until now; none where all were.
    pub was_open: Option<Vec<String>>,
}

/// Opens all ways again to an organisation, from the next request on. Open already is success. `who` is its slug; for the
/// operator its id, or a name that no other has.
pub async fn relax(store: &Store, requester: &Requester, who: &str) -> Result<Relaxed> {
    let mut tx = requester.begin(&store.pool).await?;
    let (id, name) = if matches!(requester.via, Via::Operator) {
        requester.authorize(&mut tx, Permission::SsoRelax).await?;
        let found = search::find(&mut tx, who).await?;
        (found.id, found.name)
    } else {
        let view = view::load(&mut tx, requester, Permission::SsoRelax, who).await?;
        (view.id, view.name)
    };
    let was_open = sqlx::query_scalar!(
        "select open_ways from organisation_identity where organisation_id = $1 and enforced_at is not null for update",
        id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(open) = &was_open else { return Ok(Relaxed { id, name, was_open }) };
    sqlx::query!(
        "update organisation_identity set enforced_at = null, open_ways = '{}' where organisation_id = $1",
        id.0
    )
    .execute(&mut *tx)
    .await?;
    let entry = requester.audit(Action::SsoRelax).subject(&name).in_organisation(id);
    entry.detail(json!({ "open": open })).record(&mut tx, &store.ids).await?;
    tx.commit().await?;
    Ok(Relaxed { id, name, was_open })
}
