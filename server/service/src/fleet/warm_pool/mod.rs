//! Slots: databases that stand ready on a server, whole but for name, passwords and plan, so that a tenant gets one by a
//! change of names instead of waiting for it to be made.
//!
//! `making` → `ready` → `claimed` → `trash`: the control database says first what may be on the server, so that a portal
//! that died leaves nothing that nobody knows. A claimed slot never goes back: when its run ends, whatever is still
//! there under its name is removed.

mod keeper;
#[cfg(test)]
mod tests;
mod work;

pub use keeper::Keeper;

use crate::{Error, Result};
use innkeeper_domain::{
    ids::{ServerId, TenantId},
    name::TenantName,
    plan::Extension,
};
use sqlx::PgConnection;

/// Extensions as the control database has them: in the order of the list, so that equal sets are equal arrays.
fn as_stored(extensions: &[Extension]) -> Vec<String> {
    let chosen = Extension::ALL.into_iter().filter(|extension| extensions.contains(extension));
    chosen.map(|extension| extension.to_string()).collect()
}

/// Claims the slot that fits a tenant best, with the caller's transaction: of this layout, and with none but wanted
/// extensions. Without one the tenant's database is made. Again: the slot it has, unless that is on another server.
pub async fn claim(
    conn: &mut PgConnection,
    server: ServerId,
    tenant: TenantId,
    layout: &str,
    extensions: &[Extension],
) -> Result<()> {
    sqlx::query!(
        "update slot set state = 'trash', tenant_id = null where tenant_id = $1 and server_id <> $2",
        tenant.0,
        server.0
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update slot set state = 'claimed', tenant_id = $1
         where not exists (select from slot where tenant_id = $1) and id = (
            select id from slot where server_id = $2 and state = 'ready' and layout = $3 and extensions <@ $4
            order by cardinality(extensions) desc, made_at limit 1 for update skip locked)",
        tenant.0,
        server.0,
        layout,
        &as_stored(extensions),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The slot that a tenant claimed, if it did.
pub async fn claimed(conn: &mut PgConnection, tenant: TenantId) -> Result<Option<TenantName>> {
    let name = sqlx::query_scalar!("select name from slot where tenant_id = $1", tenant.0)
        .fetch_optional(conn)
        .await?;
    name.map(|name| TenantName::parse(&name).map_err(|_| Error::corrupt("slot", name))).transpose()
}

/// Ends a tenant's claim, with the caller's transaction. What is left of the slot, nothing as a rule, is removed later.
pub async fn give_up(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!("update slot set state = 'trash', tenant_id = null where tenant_id = $1", tenant.0)
        .execute(conn)
        .await?;
    Ok(())
}
