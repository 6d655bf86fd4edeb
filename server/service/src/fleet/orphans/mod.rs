//! What staff can do with orphans: remove one, or give a database to its tenant again. Never by itself, only what is an
//! orphan at that moment, and all of it recorded.

mod adopt;
mod remove;

pub use adopt::adopt;
pub use remove::remove;

use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        servers::Servers,
    },
    fleet::{
        doctor::{self, Orphan},
        hba_writer::RuleWriter,
    },
};
use innkeeper_domain::{
    ids::{Ids, OrganisationId, TenantId},
    name::TenantName,
    orphan::OrphanKind,
    ports::Backups,
    tenant::TenantRole,
};
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;

/// What the work is done with.
pub struct Ground {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// The servers.
    pub servers: Servers,
    /// The one writer of their rules.
    pub rules: RuleWriter,
    /// Where backups are kept, if the folder is there.
    pub backups: Option<Arc<dyn Backups>>,
}

/// All orphans of the servers, the control database and the backups. Nothing is changed.
pub async fn list(ground: &Ground) -> Result<Vec<Orphan>> {
    let mut found = doctor::orphans(&ground.pool, &ground.servers.all()).await??;
    if let Some(backups) = &ground.backups {
        let kept = doctor::backups(&ground.pool, &**backups).await?;
        found.extend(kept.map_err(|error| Error::Step(error.to_string()))?);
    }
    Ok(found)
}

/// The orphan of this name, if it is one now and is there.
async fn find(ground: &Ground, kind: OrphanKind, name: &str) -> Result<Orphan> {
    let found = list(ground).await?;
    let mut named = found.into_iter().filter(|orphan| orphan.kind == kind && orphan.name == name);
    named.find(|orphan| !orphan.missing).ok_or(Error::NotFound)
}

/// The tenant that a database, role or rule would belong to by its name.
fn tenant_of(name: &str) -> Option<TenantName> {
    let tenant = |name: &str| TenantName::parse(name).ok();
    let base = |role: &TenantRole| name.strip_suffix(role.as_str())?.strip_suffix('_').and_then(tenant);
    // The longer name first: shop_aaaaaa_app is a role and no tenant.
    TenantRole::ALL.iter().find_map(base).or_else(|| tenant(name))
}

/// Records a deed of staff; with the tenant's own records where there is or was such a tenant.
async fn record(
    ground: &Ground,
    conn: &mut sqlx::PgConnection,
    action: Action,
    orphan: &Orphan,
    tenant: Option<&TenantName>,
) -> Result<()> {
    let row = sqlx::query!(
        "select id, organisation_id from tenant where name = $1",
        tenant.map_or("", TenantName::as_str)
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(Actor::Operator
        .audit(action)
        .subject(&orphan.name)
        .in_tenant(row.map(|row| (OrganisationId(row.organisation_id), TenantId(row.id))))
        .detail(json!({ "kind": orphan.kind, "place": orphan.place, "what": orphan.what }))
        .record(conn, &ground.ids)
        .await?)
}

/// Records a removal of something that is no matter of servers, such as a file.
pub async fn record_removal(ground: &Ground, orphan: &Orphan) -> Result<()> {
    let mut conn = ground.pool.acquire().await?;
    record(ground, &mut conn, Action::OrphanRemove, orphan, None).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_whose_it_would_be() {
        let of = |name| tenant_of(name).map(|tenant| tenant.to_string()).unwrap_or_default();
        for name in ["shop_k3v9x2", "shop_k3v9x2_owner", "shop_k3v9x2_app", "shop_k3v9x2_readonly"] {
            assert_eq!(of(name), "shop_k3v9x2", "{name}");
        }
        for name in ["", "metrics", "shop_k3v9x2_other", "postgres", "_app"] {
            assert_eq!(of(name), "", "{name}");
        }
    }
}
