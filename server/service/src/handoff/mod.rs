//! The one-time delivery of a tenant's credentials.
//!
//! `sealed` for 72 h, then, by a press of the addressed person with a fresh sign-in, `open` for 15 minutes in that
//! browser session and no other. The sealed copies are read only in a transaction that has proved just that, and are
//! destroyed when the person confirms or the time is over.

mod bundle;
mod close;
mod guide;
mod mail;
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
    Result, Service,
    audit::{self, Entry},
    seal::{self, Purpose},
    tenants::TenantView,
    visitor::Visitor,
};
use innkeeper_domain::{ids::TenantId, tenant::TenantRole};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Destroys the sealed copies of a tenant's passwords. Only with the end of the live handoff: after that they may be
/// those of a run that makes new ones.
async fn destroy_copies(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    for role in TenantRole::ALL {
        seal::destroy(conn, tenant, Purpose::Password(*role)).await?;
    }
    Ok(())
}

/// Records what a person did with a handoff.
async fn record(
    service: &Service,
    visitor: &Visitor,
    conn: &mut PgConnection,
    tenant: &TenantView,
    action: &'static str,
    detail: Value,
) -> Result<()> {
    let entry = Entry {
        actor: visitor.actor(),
        address: Some(visitor.address),
        action,
        subject: tenant.name.as_str(),
        organisation: Some(tenant.organisation_id),
        tenant: Some(tenant.id),
        detail,
    };
    Ok(audit::record(conn, &service.ids, entry).await?)
}

/// The detail of an audit row about a handoff.
fn about(handoff: innkeeper_domain::ids::HandoffId) -> Value {
    json!({ "handoff": handoff })
}

#[cfg(test)]
mod tests;
