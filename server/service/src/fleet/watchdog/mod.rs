//! The watch over servers' lock tables, and what it ended, for the people whose sessions these were.

use crate::{
    Result,
    context::{
        audit::{Action, Actor},
        servers::Servers,
    },
};
use innkeeper_domain::{
    backoff::Backoff,
    ended_sessions::EndedSessions,
    ids::{Ids, OrganisationId, ServerId, TenantId},
    ports::TenantServer,
};
use serde_json::json;
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::Instant};

/// Shortest and longest pause before a server's watchdog is called back.
const PAUSES: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
/// What waits to be recorded, and how often it is tried. Each is in the log already.
const WAITING: usize = 1_000;
const TRIES: u32 = 60;

/// Keeps a watchdog on the lock table of each server that is there now. Works until the process ends. `pool` connects as
/// the worker role.
pub async fn watch(pool: PgPool, ids: Ids, servers: Servers) {
    let (tell, mut told) = mpsc::channel(WAITING);
    let watches = servers.all().into_iter().map(|(id, server)| watch_one(id, server, tell.clone()));
    let record = async {
        while let Some(ended) = told.recv().await {
            record_in_the_end(&pool, &ids, &ended).await;
        }
    };
    tokio::join!(futures::future::join_all(watches), record);
}

/// What such a session does may keep the control database from being written just then.
async fn record_in_the_end(pool: &PgPool, ids: &Ids, ended: &EndedSessions) {
    for _ in 0..TRIES {
        match record(pool, ids, ended).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(tenant = %ended.tenant, %error, "sessions were ended and that is not recorded yet");
                tokio::time::sleep(PAUSES.longest()).await;
            }
        }
    }
    tracing::error!(tenant = %ended.tenant, "sessions were ended and that was not recorded");
}

async fn watch_one(id: ServerId, server: Arc<dyn TenantServer>, tell: mpsc::Sender<EndedSessions>) {
    let mut backoff = PAUSES;
    let told = move |ended| {
        if let Err(error) = tell.try_send(ended) {
            tracing::error!(%error, "sessions were ended and that is not recorded");
        }
    };
    loop {
        let began = Instant::now();
        let Err(error) = server.watch_locks(&told).await;
        if began.elapsed() > PAUSES.longest() {
            backoff = PAUSES;
        }
        let pause = backoff.pause();
        tracing::warn!(server = %id, %error, "nobody watches the locks; trying again in {} ms", pause.as_millis());
        tokio::time::sleep(pause).await;
    }
}

/// Adds to the hour's count; its first is in the audit log.
async fn record(pool: &PgPool, ids: &Ids, ended: &EndedSessions) -> Result<()> {
    let mut tx = pool.begin().await?;
    let row = sqlx::query!(
        r#"insert into ended_session as e (tenant_id, organisation_id, role, reason, hour, sessions, last_at)
           select id, organisation_id, $2, $3, date_trunc('hour', now()), $4, now() from tenant where name = $1
           on conflict (tenant_id, hour, role, reason) do update set sessions = e.sessions + excluded.sessions, last_at = now()
           returning tenant_id, organisation_id, sessions = $4 as "first!""#,
        ended.tenant.as_str(),
        ended.role.as_str(),
        ended.reason.as_str(),
        ended.sessions,
    )
    .fetch_optional(&mut *tx)
    .await?;
    // None: of a database that is only kept ready.
    if let Some(row) = row.filter(|row| row.first) {
        Actor::System
            .audit(Action::TenantEndSessions)
            .subject(ended.tenant.as_str())
            .in_tenant((OrganisationId(row.organisation_id), TenantId(row.tenant_id)))
            .detail(json!({ "role": ended.role.as_str(), "reason": ended.reason.as_str() }))
            .record(&mut tx, ids)
            .await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
