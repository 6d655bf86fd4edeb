//! The one writer of each server's `pg_hba.conf`: gathers the changes that wait and writes them at once.

use super::subject::reach;
use crate::{Error, engine::StepError, servers::Servers};
use innkeeper_domain::{
    hba::{self, TenantRule},
    ids::ServerId,
    name::TenantName,
    ports::TenantServer,
};
use sqlx::PgPool;
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Brings the rules of the control database into force.
pub struct RuleWriter {
    pool: PgPool,
    servers: Servers,
    gates: Mutex<HashMap<ServerId, Arc<Gate>>>,
}

/// Who comes while a write is under way waits for the next one, together with all others who came.
#[derive(Default)]
struct Gate {
    wanted: AtomicU64,
    written: tokio::sync::Mutex<u64>,
}

impl RuleWriter {
    /// A writer for these servers.
    pub fn new(pool: PgPool, servers: Servers) -> Self {
        Self { pool, servers, gates: Mutex::default() }
    }

    /// Returns once the server obeys what the control database held when this was called. The caller has committed
    /// its change before.
    pub async fn apply(&self, id: ServerId) -> Result<(), StepError> {
        let server = self
            .servers
            .get(id)
            .ok_or_else(|| StepError::Retry(format!("server {id} cannot be reached from this portal")))?;
        let gate = self.gates.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
        let ticket = gate.wanted.fetch_add(1, Ordering::SeqCst) + 1;
        let mut written = gate.written.lock().await;
        if *written >= ticket {
            return Ok(());
        }
        let upto = gate.wanted.load(Ordering::SeqCst);
        self.write(id, &*server).await?;
        *written = upto;
        Ok(())
    }

    async fn write(&self, id: ServerId, server: &dyn TenantServer) -> Result<(), StepError> {
        // The rows are read under the lock: of two portals the later writer has seen the earlier one's rows.
        let guard = server.lock_rules().await?;
        let rules = load(&self.pool, id, server).await?;
        server.write_rules(&hba::render(&rules)).await?;
        drop(guard);
        Ok(())
    }
}

/// The rules a server should obey, by the control database.
pub async fn load(pool: &PgPool, id: ServerId, server: &dyn TenantServer) -> Result<Vec<TenantRule>, Error> {
    let rows = sqlx::query!(
        r#"select t.name, t.anywhere, r.probe, array(select range from allowlist_entry e where e.tenant_id = t.id
             and (e.expires_at is null or e.expires_at > now()) order by range) as "ranges!: Vec<ipnet::IpNet>"
           from hba_rule r join tenant t on t.id = r.tenant_id where r.server_id = $1 order by t.name"#,
        id.0
    )
    .fetch_all(pool)
    .await?;
    let probe = server.probe_address();
    rows.into_iter()
        .map(|row| {
            Ok(TenantRule {
                tenant: TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?,
                reach: reach(row.anywhere, row.ranges),
                probe: row.probe.then_some(probe),
            })
        })
        .collect()
}
