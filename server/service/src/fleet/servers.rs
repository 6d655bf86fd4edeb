//! Registration of servers, and what is read from them.

use crate::{
    Result,
    context::{every::LastRuns, servers::Servers},
};
use innkeeper_domain::{
    connection::Endpoint,
    ids::{Ids, ServerId},
    ports::{ServerFacts, TenantServer},
};
use sqlx::{PgConnection, PgPool};
use std::time::Duration;

/// A server as it is registered.
#[derive(Debug, Clone)]
pub struct Registration<'a> {
    /// Its name, by which it is found again.
    pub name: &'a str,
    /// Its region, as forms write it.
    pub region: &'a str,
    /// Its region for people.
    pub region_label: &'a str,
    /// Where customers reach it.
    pub endpoint: &'a Endpoint,
    /// What was read from it.
    pub facts: &'a ServerFacts,
    /// The most tenants, where the operator says so.
    pub max_tenants: Option<i32>,
    /// How many databases are kept ready for each set of extensions, where the operator says so.
    pub ready_slots: Option<i32>,
}

/// Registers a server, or brings its facts and its address up to date. Any number of portals may do it at once.
pub async fn register(worker: &PgPool, ids: &Ids, new: &Registration<'_>) -> Result<ServerId> {
    let mut conn = worker.acquire().await?;
    let id = sqlx::query_scalar!(
        "insert into server as s (id, name, region, region_label, host, port, major, connections, max_tenants, ready_slots)
         values ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, 1000), coalesce($10, 2))
         on conflict (name) do update set host = excluded.host, port = excluded.port,
            max_tenants = coalesce($9, s.max_tenants), ready_slots = coalesce($10, s.ready_slots)
         returning id",
        ids.make::<uuid::Uuid>(),
        new.name,
        new.region,
        new.region_label,
        new.endpoint.host,
        i32::from(new.endpoint.port),
        i32::try_from(new.facts.major).unwrap_or_default(),
        new.facts.connections,
        new.max_tenants,
        new.ready_slots,
    )
    .fetch_one(&mut *conn)
    .await?;
    note(&mut conn, ServerId(id), new.facts).await?;
    Ok(ServerId(id))
}

/// Writes down what was read from a server.
pub async fn note(conn: &mut PgConnection, id: ServerId, facts: &ServerFacts) -> Result<()> {
    sqlx::query!(
        "update server set major = $2, connections = $3, shared_buffers_mb = $4, 
           machine_memory_mb = coalesce($5, machine_memory_mb), free_bytes = coalesce($6, free_bytes),
           checked_at = now() where id = $1",
        id.0,
        i32::try_from(facts.major).unwrap_or_default(),
        facts.connections,
        facts.shared_buffers_mb,
        facts.machine.map(|machine| machine.memory_mb),
        facts.machine.map(|machine| machine.free_bytes),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A server by its name; none if it is not registered. Changes nothing.
pub async fn find(worker: &PgPool, name: &str) -> Result<Option<ServerId>> {
    let id =
        sqlx::query_scalar!("select id from server where name = $1", name).fetch_optional(worker).await?;
    Ok(id.map(ServerId))
}

/// Reads again, every minute, the facts of each server and how much its databases take. Works until the process ends.
pub async fn measure(worker: PgPool, servers: Servers, last: LastRuns) {
    let mut every = last.every("server_facts", Duration::from_secs(60));
    loop {
        every.next().await;
        let mut all = true;
        for (id, server) in servers.all() {
            if let Err(error) = measure_one(&worker, id, &*server).await {
                all = false;
                tracing::warn!(server = %id, %error, "how full the server is cannot be read or recorded");
            }
        }
        if all {
            every.ended(Ok(()));
        }
    }
}

async fn measure_one(worker: &PgPool, id: ServerId, server: &dyn TenantServer) -> Result<()> {
    let (facts, bytes) = (server.facts().await?, server.used_bytes().await?);
    let mut conn = worker.acquire().await?;
    note(&mut conn, id, &facts).await?;
    sqlx::query!("update server set used_bytes = $2 where id = $1", id.0, bytes).execute(&mut *conn).await?;
    Ok(())
}
