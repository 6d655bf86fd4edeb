//! Sees when a tenant's people connect for the first time, so that the handoff's page can say that it works.

use crate::{
    Error, Result,
    audit::{self, Actor, Entry},
    changes::{self, Change},
    servers::Servers,
};
use futures::{StreamExt, stream};
use innkeeper_domain::{
    ids::{Ids, OrganisationId, RunId, ServerId, TenantId},
    name::TenantName,
    ports::FirstConnection,
    tenant::TenantRole,
};
use ipnet::IpNet;
use serde_json::json;
use sqlx::PgPool;
use std::time::Duration;
use uuid::Uuid;

const EVERY: Duration = Duration::from_secs(2);
/// Tenants asked about in a round.
const MOST: i64 = 50;
/// Of these, how many at once.
const AT_ONCE: usize = 8;
/// How long one server may take to answer for one tenant.
const DEADLINE: Duration = Duration::from_secs(5);

struct Waiting {
    id: TenantId,
    organisation: OrganisationId,
    name: TenantName,
    server: ServerId,
}

/// Watches until the process ends. Any number of portals may: a first connection is recorded once. `pool` connects as
/// the worker role.
pub async fn watch(pool: PgPool, servers: Servers, ids: Ids) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut after = Uuid::nil();
    loop {
        tick.tick().await;
        match round(&pool, &servers, &ids, after).await {
            Ok(next) => after = next,
            Err(error) => tracing::error!(%error, "cannot look for first connections; trying again in 2 s"),
        }
    }
}

/// Asks about the next tenants behind `after`, and says behind which one the next round goes on: where there are more
/// than fit in a round, each has its turn.
async fn round(pool: &PgPool, servers: &Servers, ids: &Ids, after: Uuid) -> Result<Uuid> {
    let rows = sqlx::query!(
        r#"select id, organisation_id, name, server_id as "server_id!" from tenant t
           where state = 'active' and first_connected_at is null and server_id is not null and id > $1
             and ready_at > now() - interval '30 days'
             and exists (select from handoff h where h.tenant_id = t.id and h.opened_at is not null)
           order by id limit $2"#,
        after,
        MOST,
    )
    .fetch_all(pool)
    .await?;
    let full = i64::try_from(rows.len()).is_ok_and(|count| count == MOST);
    let next = rows.last().filter(|_| full).map_or(Uuid::nil(), |last| last.id);
    let waiting = rows.into_iter().map(|row| {
        Ok(Waiting {
            id: TenantId(row.id),
            organisation: OrganisationId(row.organisation_id),
            name: TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?,
            server: ServerId(row.server_id),
        })
    });
    let waiting = waiting.collect::<Result<Vec<_>>>()?;
    stream::iter(waiting)
        .for_each_concurrent(AT_ONCE, async |tenant| {
            let Some(seen) = ask(servers, &tenant).await else { return };
            if let Err(error) = record(pool, ids, &tenant, seen).await {
                tracing::error!(tenant = %tenant.name, %error, "a first connection was seen and not recorded");
            }
        })
        .await;
    Ok(next)
}

/// What the tenant's server says; none also when it does not answer, since it will be asked again.
async fn ask(servers: &Servers, tenant: &Waiting) -> Option<FirstConnection> {
    let server = servers.get(tenant.server)?;
    match tokio::time::timeout(DEADLINE, server.first_connection(&tenant.name)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => {
            tracing::debug!(tenant = %tenant.name, %error, "the server does not say whether anybody connected");
            None
        }
        Err(_) => {
            tracing::debug!(tenant = %tenant.name, "the server did not say within 5 s whether anybody connected");
            None
        }
    }
}

async fn record(pool: &PgPool, ids: &Ids, tenant: &Waiting, seen: FirstConnection) -> Result<()> {
    let mut tx = pool.begin().await?;
    let recorded = sqlx::query!(
        "update tenant set first_connected_at = now(), first_connected_role = $2, first_connected_from = $3
         where id = $1 and first_connected_at is null",
        tenant.id.0,
        seen.role.map(TenantRole::as_str),
        seen.address.map(IpNet::from),
    )
    .execute(&mut *tx)
    .await?;
    if recorded.rows_affected() == 0 {
        return Ok(());
    }
    let entry = Entry {
        actor: Actor::System,
        address: None,
        action: "tenant.first_connection",
        subject: tenant.name.as_str(),
        organisation: Some(tenant.organisation),
        tenant: Some(tenant.id),
        detail: json!({ "role": seen.role, "address": seen.address }),
    };
    audit::record(&mut tx, ids, entry).await?;
    // Live pages of a tenant hear of its newest run.
    let run = sqlx::query_scalar!(
        "select id from run where tenant_id = $1 order by created_at desc, id desc limit 1",
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(run) = run {
        changes::notify(&mut tx, Change::Run(RunId(run))).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
