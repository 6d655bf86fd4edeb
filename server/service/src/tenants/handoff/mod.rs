//! The one-time delivery of a tenant's credentials.
//!
//! `sealed` for 72 h, then, by a press of the addressed person with a fresh sign-in, `open` for 15 minutes in that
//! browser session and no other. The sealed copies are read only in a transaction that has proved just that, and are
//! destroyed when the person confirms or the time is over.

mod bundle;
mod close;
mod guide;
mod proof;
mod reveal;
mod sweep;
mod view;

pub use bundle::{Bundle, bundle};
pub use close::{confirm, renew};
pub use reveal::reveal;
pub use sweep::Sweep;
pub use view::{HandoffView, OpenHandoff, view};

use crate::{
    Result,
    workflows::secrets::{self, Purpose},
};
use innkeeper_domain::{ids::TenantId, name::TenantName, routes::Page, tenant::TenantRole};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Destroys the sealed copies of a tenant's passwords. Only with the end of the live handoff: after that they may be
/// those of a run that makes new ones.
async fn destroy_copies(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    for role in TenantRole::ALL {
        secrets::destroy(conn, tenant, Purpose::Password(*role)).await?;
    }
    Ok(())
}

/// Takes back what waits to be handed over of a tenant that is about to go.
pub(crate) async fn revoke(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "update handoff set state = 'revoked', closed_at = now() where tenant_id = $1 and state in ('sealed', 'open')",
        tenant.0
    )
    .execute(&mut *conn)
    .await?;
    destroy_copies(conn, tenant).await
}

/// The page of a tenant's handoff.
fn link(public_url: &str, tenant: &TenantName) -> String {
    Page::Handoff(tenant.into()).absolute(public_url)
}

/// The detail of an audit row about a handoff.
fn about(handoff: innkeeper_domain::ids::HandoffId) -> Value {
    json!({ "handoff": handoff })
}

#[cfg(test)]
mod tests;
