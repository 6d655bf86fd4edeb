//! What people did to a tenant, for the audit log.

use super::TenantView;
use crate::{
    Result, Service,
    context::{
        audit::{self, Entry},
        requester::Requester,
    },
};
use serde_json::Value;
use sqlx::PgConnection;

/// Records what a person did to a tenant, in the transaction of the change.
pub async fn record(
    service: &Service,
    requester: &Requester,
    conn: &mut PgConnection,
    tenant: &TenantView,
    action: &'static str,
    detail: Value,
) -> Result<()> {
    let entry = Entry {
        actor: requester.actor(),
        address: Some(requester.address),
        action,
        subject: tenant.name.as_str(),
        organisation: Some(tenant.organisation_id),
        tenant: Some(tenant.id),
        detail,
    };
    Ok(audit::record(conn, &service.ids, entry).await?)
}
