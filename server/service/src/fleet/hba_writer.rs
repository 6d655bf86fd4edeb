//! The one writer of each server's `pg_hba.conf`: gathers the changes that wait and writes them at once.

use crate::{Error, context::servers::Servers};
use innkeeper_domain::{
    allowlist::{AllowedRange, Reach},
    hba::{self, TenantRule},
    ids::ServerId,
    name::TenantName,
    ports::{ServerError, TenantServer},
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

/// Who comes while a write is under way waits for the next one, together with all others who came: that one is for all
/// of them, and so is its failure. Otherwise each would wait for a server that does not answer after the other.
#[derive(Default)]
struct Gate {
    /// Tickets that were drawn.
    drawn: AtomicU64,
    answered: tokio::sync::Mutex<Answered>,
}

/// Which tickets have an answer: all up to one.
#[derive(Default)]
struct Answered {
    in_force: u64,
    /// The newest failure.
    failed: Option<(u64, Arc<Error>)>,
}

impl Answered {
    fn to(&self, ticket: u64) -> Option<Result<(), Arc<Error>>> {
        if self.in_force >= ticket {
            return Some(Ok(()));
        }
        self.failed.as_ref().filter(|(upto, _)| *upto >= ticket).map(|(_, error)| Err(error.clone()))
    }
}

impl RuleWriter {
    /// A writer for these servers.
    pub fn new(pool: PgPool, servers: Servers) -> Self {
        Self { pool, servers, gates: Mutex::default() }
    }

    /// Returns once the server obeys what the control database held when this was called. The caller has committed
    /// its change before.
    pub async fn apply(&self, id: ServerId) -> Result<(), Arc<Error>> {
        let server = self.servers.get(id).ok_or_else(|| Arc::new(unreachable(id)))?;
        let gate = self.gates.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default().clone();
        let ticket = gate.drawn.fetch_add(1, Ordering::SeqCst) + 1;
        let mut answered = gate.answered.lock().await;
        if let Some(answer) = answered.to(ticket) {
            return answer;
        }
        // Read before the rows are: whoever has drawn by now has committed, too.
        let upto = gate.drawn.load(Ordering::SeqCst);
        let written = self.write(id, &*server).await.map_err(Arc::new);
        match &written {
            Ok(()) => answered.in_force = upto,
            Err(error) => answered.failed = Some((upto, error.clone())),
        }
        tracing::debug!(server = %id, changes = upto - ticket + 1, ?written, "wrote the address rules");
        written
    }

    async fn write(&self, id: ServerId, server: &dyn TenantServer) -> Result<(), Error> {
        // The rows are read under the lock: of two portals the later writer has seen the earlier one's rows.
        let session = server.lock_rules().await?;
        let rules = load(&self.pool, id).await?;
        Ok(session.write(&hba::render(&rules)).await?)
    }
}

fn unreachable(id: ServerId) -> Error {
    let cause = format!("server {id} cannot be reached from this portal");
    ServerError::Unavailable { doing: "writing the access rules", cause }.into()
}

/// The rules a server should obey, by the control database.
pub async fn load(pool: &PgPool, id: ServerId) -> Result<Vec<TenantRule>, Error> {
    read(pool, id, false).await
}

/// The same as they were before the time of any address was over.
pub async fn load_with_expired(pool: &PgPool, id: ServerId) -> Result<Vec<TenantRule>, Error> {
    read(pool, id, true).await
}

async fn read(pool: &PgPool, id: ServerId, expired: bool) -> Result<Vec<TenantRule>, Error> {
    let rows = sqlx::query!(
        r#"select t.name, t.anywhere, r.probe as "probe: ipnet::IpNet", array(select range from allowlist_entry e where e.tenant_id = t.id
             and ($2 or e.expires_at is null or e.expires_at > now()) order by range) as "ranges!: Vec<ipnet::IpNet>"
           from hba_rule r join tenant t on t.id = r.tenant_id where r.server_id = $1 order by t.name"#,
        id.0,
        expired
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

/// From where a tenant can be reached, as stored.
pub fn reach(anywhere: bool, ranges: Vec<ipnet::IpNet>) -> Reach {
    if anywhere {
        Reach::Anywhere
    } else {
        Reach::Only(ranges.into_iter().map(AllowedRange::stored).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tenants::fixtures::House;

    #[sqlx::test(migrator = "crate::db::MIGRATIONS")]
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

    #[sqlx::test(migrator = "crate::db::MIGRATIONS")]
    async fn who_waits_is_answered_by_one_write(pool: PgPool) {
        let house = House::open(&pool).await;
        let (rules, id) = (&house.server.rules, house.server_id);
        let writer = RuleWriter::new(house.portal.worker.clone(), house.portal.service.servers.clone());
        // How often is up to who is polled when: the first write is for who came first, those after it for all who came
        // meanwhile.
        let hundred = async || {
            let before = rules.lock().unwrap().writes;
            let told = futures::future::join_all((0..100).map(|_| writer.apply(id))).await;
            let writes = rules.lock().unwrap().writes - before;
            assert!((1..=5).contains(&writes), "{writes} writes for a hundred");
            told
        };
        assert!(hundred().await.iter().all(Result::is_ok));

        rules.lock().unwrap().fails = true;
        let told = hundred().await;
        assert!(
            told.iter().all(|one| matches!(one, Err(why) if why.to_string().contains("no answer"))),
            "a failure is told to all it was for"
        );
        rules.lock().unwrap().fails = false;
        assert!(hundred().await.iter().all(Result::is_ok), "an earlier failure is nobody's who comes later");
    }
}
