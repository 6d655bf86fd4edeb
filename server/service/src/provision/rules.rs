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
        let session = server.lock_rules().await?;
        let rules = load(&self.pool, id).await?;
        Ok(session.write(&hba::render(&rules)).await?)
    }
}

/// The rules a server should obey, by the control database.
pub async fn load(pool: &PgPool, id: ServerId) -> Result<Vec<TenantRule>, Error> {
    let rows = sqlx::query!(
        r#"select t.name, t.anywhere, r.probe as "probe: ipnet::IpNet", array(select range from allowlist_entry e where e.tenant_id = t.id
             and (e.expires_at is null or e.expires_at > now()) order by range) as "ranges!: Vec<ipnet::IpNet>"
           from hba_rule r join tenant t on t.id = r.tenant_id where r.server_id = $1 order by t.name"#,
        id.0
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(TenantRule {
                tenant: TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?,
                reach: reach(row.anywhere, row.ranges),
                probe: row.probe.map(|net| net.addr()),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenants::fixtures::House;

    #[sqlx::test(migrator = "crate::store::MIGRATIONS")]
    async fn each_probe_has_the_address_of_the_portal_that_makes_it(pool: PgPool) {
        let house = House::open(&pool).await;
        let acme = house.acme.0;
        // Two portals elsewhere are at work; this one writes the file for both.
        for (name, probe) in
            [("shop_aaaaaa", Some("192.0.2.1")), ("blog_bbbbbb", Some("192.0.2.2")), ("wiki_cccccc", None)]
        {
            let tenant = house.tenant(name, "provisioning").await;
            sqlx::query("insert into hba_rule (tenant_id, organisation_id, server_id, probe) values ($1, $2, $3, $4::inet)")
                .bind(tenant.0)
                .bind(acme)
                .bind(house.server_id.0)
                .bind(probe)
                .execute(&house.portal.owner)
                .await
                .unwrap();
        }
        let rules = load(&house.portal.worker, house.server_id).await.unwrap();
        let block = hba::render(&rules);
        for line in ["shop_aaaaaa +shop_aaaaaa 192.0.2.1/32", "blog_bbbbbb +blog_bbbbbb 192.0.2.2/32"] {
            assert!(block.contains(&format!("hostssl {line} scram-sha-256")), "{line}: {block}");
        }
        assert_eq!(block.matches("192.0.2.").count(), 2, "{block}");
        assert!(!block.contains("127.0.0.1"), "{block}");
    }
}
