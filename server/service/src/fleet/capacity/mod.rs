//! Room on the servers: read, reserved, and changed with a plan. What fits is decided in the domain; who reserves on a
//! server holds its lock, so that of those who come at once each sees what the others took.

use crate::{Error, Result};
use innkeeper_domain::{
    capacity::{Capacity, Claim, Disk, Short},
    ids::{OrganisationId, ServerId, TenantId},
    plan::Limits,
};
use sqlx::PgConnection;

/// A server, as far as room goes.
#[derive(Debug, Clone)]
pub struct Place {
    /// Which.
    pub id: ServerId,
    /// Its name.
    pub name: String,
    /// Its region.
    pub region: String,
    /// Its figures.
    pub capacity: Capacity,
    /// What the tenant that was asked about has reserved there; part of what is promised.
    pub reserved: Claim,
}

impl Place {
    /// What is short for a tenant that has `has` and wants `wants` instead of what it has reserved.
    pub fn short(&self, has: Claim, wants: Claim) -> Option<Short> {
        let mut left = self.capacity.clone().without(self.reserved);
        // Whoever was accepted is no new tenant.
        left.draining &= self.reserved == Claim::NONE;
        left.short(has, wants)
    }
}

/// All servers, by the labels of their regions, and what a tenant has reserved on them.
pub async fn places(conn: &mut PgConnection, tenant: Option<TenantId>) -> Result<Vec<Place>> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, s.region, s.region_label, s.draining, s.max_tenants, s.connections,
             s.connection_overcommit, s.used_bytes, s.max_gb, s.free_bytes, s.storage_overcommit,
             coalesce(s.memory_mb, s.machine_memory_mb) - s.shared_buffers_mb as memory_mb, s.memory_overcommit,
             coalesce(l.tenants, 0) as "promised_tenants!", coalesce(l.connections, 0) as "promised_connections!",
             coalesce(l.storage_gb, 0) as "promised_storage_gb!", coalesce(l.memory_mb, 0) as "promised_memory_mb!",
             r.connections as "own_connections?", r.storage_gb as "own_storage_gb?", r.memory_mb as "own_memory_mb?"
           from server s left join server_load() l on l.server_id = s.id
             left join reservation r on r.server_id = s.id and r.tenant_id = $1
           order by s.region_label, s.region, s.name"#,
        tenant.map(|tenant| tenant.0),
    )
    .fetch_all(conn)
    .await?;
    let places = rows.into_iter().map(|row| {
        let reserved = Claim {
            databases: row.own_connections.is_some().into(),
            connections: row.own_connections.unwrap_or_default().into(),
            storage_gb: row.own_storage_gb.unwrap_or_default().into(),
            memory_mb: row.own_memory_mb.unwrap_or_default().into(),
        };
        let promised = Claim {
            databases: row.promised_tenants,
            connections: row.promised_connections,
            storage_gb: row.promised_storage_gb,
            memory_mb: row.promised_memory_mb,
        };
        let capacity = Capacity {
            place: row.region_label,
            draining: row.draining,
            promised,
            databases: row.max_tenants.into(),
            connections: row.connections.into(),
            connection_overcommit: row.connection_overcommit.into(),
            disk: Disk::of(row.used_bytes, row.max_gb.map(i64::from), row.free_bytes),
            storage_overcommit: row.storage_overcommit.into(),
            memory_mb: row.memory_mb.map(i64::from),
            memory_overcommit: row.memory_overcommit.into(),
        };
        Place { id: ServerId(row.id), name: row.name, region: row.region, capacity, reserved }
    });
    Ok(places.collect())
}

/// The server once nobody else reserves on it until this transaction ends.
pub async fn locked(conn: &mut PgConnection, server: ServerId, tenant: TenantId) -> Result<Place> {
    sqlx::query_scalar!("select lock_server($1)", server.0).fetch_one(&mut *conn).await?;
    // In a second statement, so that it sees what those reserved who had the lock before.
    let places = places(conn, Some(tenant)).await?;
    places.into_iter().find(|place| place.id == server).ok_or(Error::NotFound)
}

/// Reserves a place for a new tenant on a server of its region, or says what is short. Part of the transaction that
/// accepts the tenant.
pub async fn reserve(
    conn: &mut PgConnection,
    whose: (OrganisationId, TenantId),
) -> Result<std::result::Result<(), Short>> {
    let tenant = sqlx::query!(
        "select t.region, p.limits from tenant t join plan p on p.name = t.plan_name and p.version = t.plan_version
         where t.id = $1",
        whose.1.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let limits: Limits =
        serde_json::from_value(tenant.limits).map_err(|what| Error::corrupt("limits of plan", what))?;
    let wants = Claim::of(&limits);
    let mut short = None;
    let places = places(conn, Some(whose.1)).await?;
    for seen in places.into_iter().filter(|place| place.region == tenant.region) {
        // Looked at before anybody is waited for, and again when nobody else reserves.
        let lacks = match seen.short(Claim::NONE, wants) {
            None => locked(conn, seen.id, whose.1).await?.short(Claim::NONE, wants),
            lacks => lacks,
        };
        let Some(lacks) = lacks else {
            keep(conn, whose, seen.id, wants).await?;
            return Ok(Ok(()));
        };
        short.get_or_insert(lacks);
    }
    short.map(Err).ok_or_else(|| Error::corrupt("region", tenant.region))
}

/// Writes down what a tenant takes of a server, which is the tenant's from now on.
pub async fn keep(
    conn: &mut PgConnection,
    (organisation, tenant): (OrganisationId, TenantId),
    server: ServerId,
    claim: Claim,
) -> Result<()> {
    sqlx::query!(
        "insert into reservation (tenant_id, organisation_id, server_id, connections, storage_gb, memory_mb)
         values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id) do update set server_id = excluded.server_id,
           connections = excluded.connections, storage_gb = excluded.storage_gb, memory_mb = excluded.memory_mb",
        tenant.0,
        organisation.0,
        server.0,
        figure(claim.connections),
        figure(claim.storage_gb),
        figure(claim.memory_mb),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update tenant set server_id = $2 where id = $1 and server_id is distinct from $2",
        tenant.0,
        server.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives back what a tenant takes.
pub async fn release(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!("delete from reservation where tenant_id = $1", tenant.0).execute(&mut *conn).await?;
    sqlx::query!("update tenant set server_id = null where id = $1", tenant.0).execute(conn).await?;
    Ok(())
}

/// As the table has it; plans are far below.
fn figure(value: i64) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;
