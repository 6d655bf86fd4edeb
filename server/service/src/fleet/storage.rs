//! The storage of a plan: a tenant above it becomes read-only by default until it takes less again.

use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        outbox,
        servers::Servers,
    },
};
use futures::{StreamExt, stream};
use innkeeper_domain::{
    ids::{Ids, OrganisationId, ServerId, TenantId},
    mail::Message,
    name::TenantName,
    plan::Limits,
    ports::{Sealer, StorageUse, TenantServer},
    routes::Page,
};
use serde_json::json;
use sqlx::{PgPool, types::Json};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Shortest pause between two looks at the servers, and while a tenant is full or takes nine tenths of its storage.
const EVERY: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));
/// Reading takes this part of the time at most: the files of thousands of databases are counted in seconds.
const SHARE: u32 = 20;
/// Tenants worked on at once.
const AT_ONCE: usize = 4;
/// Longest work on one tenant.
const DEADLINE: Duration = Duration::from_secs(90);
/// Sessions of a full tenant are ended again when its database has grown by more than this since that was done last: any
/// session may switch the default off.
const GROWN: i64 = 16 << 20;
/// A full tenant may write its tables anew, to take less afterwards: that takes so many times what it took at most.
const REWRITING: i64 = 2;

/// Compares what databases take with what their plans allow. Any number of portals may run one.
pub struct StorageLimit {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Seals mails.
    pub sealer: Arc<dyn Sealer>,
    /// The servers.
    pub servers: Servers,
    /// For links in mails.
    pub public_url: String,
}

struct Found {
    tenant: TenantId,
    organisation: OrganisationId,
    name: TenantName,
    limits: Limits,
    /// It was found above its storage before.
    full: bool,
    now: StorageUse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Close,
    CloseAgain,
    Open,
}

impl Found {
    fn act(&self, before: Option<i64>) -> Option<Act> {
        let StorageUse { bytes, read_only, rewriting } = self.now;
        let took = before.unwrap_or(bytes).max(self.limits.storage_bytes());
        let spared = rewriting && bytes < REWRITING * took;
        let grown = before.is_some_and(|before| bytes > before + GROWN);
        match self.full {
            false if self.limits.is_above_storage(bytes) => Some(Act::Close),
            true if self.limits.is_well_below_storage(bytes) => Some(Act::Open),
            true if !read_only || grown && !spared => Some(Act::CloseAgain),
            _ => None,
        }
    }
}

impl StorageLimit {
    /// Works until the process ends.
    pub async fn run(self) {
        let mut sizes = HashMap::new();
        loop {
            let (mut near, mut reading) = (false, Duration::ZERO);
            for (id, server) in self.servers.all() {
                match self.round(id, &*server, &mut sizes, &mut reading).await {
                    Ok(found) => near |= found,
                    Err(error) => {
                        tracing::warn!(server = %id, %error, "what tenants take of the storage cannot be read; trying again");
                    }
                }
            }
            let pause = if near { EVERY.1 } else { EVERY.0 };
            tokio::time::sleep(pause.max(reading * SHARE)).await;
        }
    }

    /// Looks once at all tenants of a server that are in use and that no run works on; whether one is full or nearly so.
    async fn round(
        &self,
        id: ServerId,
        server: &dyn TenantServer,
        sizes: &mut HashMap<TenantId, i64>,
        reading: &mut Duration,
    ) -> Result<bool> {
        let began = Instant::now();
        let taken = server.storage().await?;
        *reading += began.elapsed();
        let found = self.find(id, &taken, None).await?;
        let mut due = Vec::new();
        for found in &found {
            let before = sizes.get(&found.tenant).copied();
            let act = found.act(before);
            due.extend(act.map(|act| (found, before, act)));
            // The least since its sessions were ended last.
            let bytes = found.now.bytes;
            let least = before.filter(|_| act.is_none()).map_or(bytes, |before| before.min(bytes));
            sizes.insert(found.tenant, least);
        }
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, async |(seen, before, act)| {
                let work = self.enforce(server, id, &taken, seen, (before, act));
                let done = tokio::time::timeout(DEADLINE, work).await;
                if let Err(error) = done.unwrap_or_else(|_| Err(Error::Step("no answer in time".into()))) {
                    tracing::error!(tenant = %seen.name, %error, "the storage of a plan cannot be enforced; trying again");
                }
            })
            .await;
        Ok(found.iter().any(|found| found.full || found.now.bytes > found.limits.storage_bytes() / 10 * 9))
    }

    /// The tenants of a server that are in use and that no run works on, or one of them.
    async fn find(
        &self,
        id: ServerId,
        taken: &HashMap<TenantName, StorageUse>,
        only: Option<TenantId>,
    ) -> Result<Vec<Found>> {
        let rows = sqlx::query!(
            r#"select t.id, t.organisation_id, t.name, t.storage_full_at is not null as "full!",
                 p.limits as "limits: Json<Limits>"
               from tenant t join plan p on p.name = t.plan_name and p.version = t.plan_version
               where t.server_id = $1 and t.state = 'active' and ($2::uuid is null or t.id = $2)
                 and not exists (select from live_run r
                   where r.tenant_id = t.id)"#,
            id.0,
            only.map(|tenant| tenant.0),
        )
        .fetch_all(&self.pool)
        .await?;
        let found = rows.into_iter().filter_map(|row| {
            let Ok(name) = TenantName::parse(&row.name) else {
                return Some(Err(Error::corrupt("tenant name", &row.name)));
            };
            let now = *taken.get(&name)?;
            Some(Ok(Found {
                tenant: TenantId(row.id),
                organisation: OrganisationId(row.organisation_id),
                name,
                limits: row.limits.0,
                full: row.full,
                now,
            }))
        });
        found.collect()
    }

    async fn enforce(
        &self,
        server: &dyn TenantServer,
        id: ServerId,
        taken: &HashMap<TenantName, StorageUse>,
        seen: &Found,
        (before, act): (Option<i64>, Act),
    ) -> Result<()> {
        let mut session = server.lock(&seen.name).await?;
        // Read again: whatever changes the tenant from here on waits for our lock.
        let found = self.find(id, taken, Some(seen.tenant)).await?.pop();
        let Some(found) = found.filter(|found| found.act(before) == Some(act)) else { return Ok(()) };
        match act {
            // Recorded first: what a portal that dies leaves half done, the next look ends.
            Act::Close => {
                self.record_full(&found).await?;
                session.set_read_only(true).await?;
            }
            Act::CloseAgain => {
                session.set_read_only(true).await?;
                let bytes = found.now.bytes;
                tracing::warn!(tenant = %found.name, bytes, "a full database went on growing; its sessions were ended again");
            }
            Act::Open => {
                session.set_read_only(false).await?;
                self.record_released(&found).await?;
            }
        }
        Ok(())
    }

    async fn record_full(&self, found: &Found) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        // At most a mail a day, however often it goes up and down.
        let row = sqlx::query!(
            r#"update tenant t set storage_full_at = now(),
                 storage_told_at = case when before.told then before.storage_told_at else now() end
               from (select storage_told_at, coalesce(storage_told_at > now() - interval '1 day', false) as told
                     from tenant where id = $1 for update) before
               where t.id = $1 and t.storage_full_at is null returning before.told as "told!""#,
            found.tenant.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(()) };
        self.audit(&mut tx, found, Action::TenantStorageFull).await?;
        if !row.told {
            let message = Message::StorageFull {
                tenant: found.name.to_string(),
                limit: format!("{} GB", found.limits.storage_gb),
                link: Page::Tenant((&found.name).into()).absolute(&self.public_url),
            };
            outbox::to_admins(&mut tx, &self.ids, &*self.sealer, found.organisation, &message).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn record_released(&self, found: &Found) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let done = sqlx::query!(
            "update tenant set storage_full_at = null where id = $1 and storage_full_at is not null",
            found.tenant.0
        )
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() > 0 {
            self.audit(&mut tx, found, Action::TenantStorageReleased).await?;
        }
        Ok(tx.commit().await?)
    }

    async fn audit(&self, tx: &mut sqlx::PgConnection, found: &Found, action: Action) -> Result<()> {
        Ok(Actor::System
            .audit(action)
            .subject(found.name.as_str())
            .in_tenant((found.organisation, found.tenant))
            .detail(json!({ "bytes": found.now.bytes, "storage_gb": found.limits.storage_gb }))
            .record(tx, &self.ids)
            .await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeeper_domain::tenant::PerRole;

    #[test]
    fn a_database_is_closed_once_and_opened_well_below() {
        const GB: i64 = 1 << 30;
        let act_of = |full, bytes, read_only, rewriting, before| {
            let limits = Limits {
                connections: 30,
                role_connections: PerRole { owner: 5, app: 15, readonly: 10 },
                work_mem_mb: 8,
                effective_cache_size_mb: 256,
                storage_gb: 10,
                temp_file_limit_gb: 1,
                idle_in_transaction_minutes: 5,
            };
            let name = TenantName::parse("shop_k3v9x2").unwrap();
            let (tenant, organisation) = (TenantId(uuid::Uuid::nil()), OrganisationId(uuid::Uuid::nil()));
            Found {
                tenant,
                organisation,
                name,
                limits,
                full,
                now: StorageUse { bytes, read_only, rewriting },
            }
            .act(before)
        };
        let act = |full, bytes, read_only, before| act_of(full, bytes, read_only, false, before);
        assert_eq!(act(false, 10 * GB, false, None), None, "all of it may be used");
        assert_eq!(act(false, 10 * GB + 1, false, None), Some(Act::Close));
        assert_eq!(act(true, 10 * GB, true, Some(10 * GB)), None, "it waits");
        assert_eq!(act(true, 96 * GB / 10, true, None), None, "not well below yet");
        assert_eq!(act(true, 94 * GB / 10, true, None), Some(Act::Open));
        assert_eq!(act(true, 12 * GB, true, Some(11 * GB)), Some(Act::CloseAgain), "it went on growing");
        assert_eq!(
            act(true, 11 * GB, false, Some(11 * GB)),
            Some(Act::CloseAgain),
            "somebody took the setting away"
        );
        assert_eq!(act(false, 5 * GB, true, None), None, "its own people may want it so");
        assert_eq!(
            act_of(true, 15 * GB, true, true, Some(11 * GB)),
            None,
            "VACUUM FULL needs room for a copy"
        );
        assert_eq!(
            act_of(true, 22 * GB, true, true, Some(11 * GB)),
            Some(Act::CloseAgain),
            "not without an end"
        );
    }
}
