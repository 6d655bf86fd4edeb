//! Sees when a tenant's people connect for the first time, so that the handoff's page can say that it works.

use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        every::LastRuns,
        servers::Servers,
    },
    db::run_events::{self, Change},
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
use std::{collections::HashMap, time::Duration};
use uuid::Uuid;

const EVERY: Duration = Duration::from_secs(2);
/// Tenants asked about in a round.
const MOST: i64 = 50;
/// Of these, how many at once.
const AT_ONCE: usize = 8;
/// How long one server may take to answer for one tenant.
const DEADLINE: Duration = Duration::from_secs(5);

/// Looks remembered before all are forgotten, so that their number has an end.
const FORGET: usize = 10_000;

struct Waiting {
    id: TenantId,
    organisation: OrganisationId,
    name: TenantName,
    server: ServerId,
}

/// Watches until the process ends. Any number of portals may: a first connection is recorded once. `pool` connects as
/// the worker role.
pub async fn watch(pool: PgPool, servers: Servers, ids: Ids, last: LastRuns) {
    let mut after = Uuid::nil();
    let mut looks = Looks::default();
    let mut every = last.every("first_connections", EVERY);
    loop {
        every.next().await;
        let next = round(&pool, &servers, &ids, &mut looks, after).await;
        after = every.ended(next).unwrap_or(after);
    }
}

/// Asks about the next tenants behind `after`, and says behind which one the next round goes on: where there are more
/// than fit in a round, each has its turn.
async fn round(pool: &PgPool, servers: &Servers, ids: &Ids, looks: &mut Looks, after: Uuid) -> Result<Uuid> {
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
    let waiting = looks.worth(servers, waiting.collect::<Result<Vec<_>>>()?).await;
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

/// What was found when tenants were looked at last: reading a log is dear, and tells nothing new before another session
/// was begun.
#[derive(Default)]
struct Looks(HashMap<TenantId, Look>);

#[derive(PartialEq)]
struct Look {
    sessions: i64,
    times: u8,
}

impl Looks {
    /// Those whose sessions became more, and for a second time those of the round before: the log may come later than
    /// the count. Also those whose server does not count.
    async fn worth(&mut self, servers: &Servers, waiting: Vec<Waiting>) -> Vec<Waiting> {
        if self.0.len() > FORGET {
            self.0.clear();
        }
        let mut by_server: HashMap<ServerId, Vec<Waiting>> = HashMap::new();
        for tenant in waiting {
            by_server.entry(tenant.server).or_default().push(tenant);
        }
        let mut worth = Vec::new();
        for (id, tenants) in by_server {
            let Some(server) = servers.get(id) else { continue };
            let names: Vec<_> = tenants.iter().map(|tenant| tenant.name.clone()).collect();
            let counts = match tokio::time::timeout(DEADLINE, server.sessions(&names)).await {
                Ok(Ok(counts)) => counts,
                Ok(Err(error)) => {
                    tracing::debug!(server = %id, %error, "the server does not say how many sessions there were");
                    continue;
                }
                Err(_) => {
                    tracing::debug!(server = %id, "the server did not say within 5 s how many sessions there were");
                    continue;
                }
            };
            worth.extend(tenants.into_iter().filter(|tenant| match counts.get(&tenant.name) {
                Some(sessions) => self.is_due(tenant.id, *sessions),
                None => true,
            }));
        }
        worth
    }

    fn is_due(&mut self, tenant: TenantId, sessions: i64) -> bool {
        let look = self.0.entry(tenant).or_insert(Look { sessions, times: 0 });
        if look.sessions != sessions {
            *look = Look { sessions, times: 0 };
        }
        look.times = look.times.saturating_add(1);
        look.times <= 2
    }
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
    Actor::System
        .audit(Action::TenantFirstConnection)
        .subject(tenant.name.as_str())
        .in_tenant((tenant.organisation, tenant.id))
        .detail(json!({ "role": seen.role, "address": seen.address }))
        .record(&mut tx, ids)
        .await?;
    // Live pages of a tenant hear of its newest run.
    let run = sqlx::query_scalar!(
        "select id from run where tenant_id = $1 order by created_at desc, id desc limit 1",
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    if let Some(run) = run {
        run_events::notify(&mut tx, Change::Run(RunId(run))).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
