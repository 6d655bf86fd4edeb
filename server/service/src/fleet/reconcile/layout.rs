//! Whether the tenants' databases are as this version makes them: an earlier one may have made them, and `pg_upgrade`
//! does not take all of it along.

use crate::{Error, Result};
use innkeeper_domain::{
    ids::{ServerId, TenantId},
    name::TenantName,
    ports::TenantServer,
};
use sqlx::PgPool;
use std::{collections::HashMap, sync::Mutex, time::Duration};
use tokio::time::Instant;

/// When a database is looked into again that was in order, and one that could not be put in order. A look is a session
/// in each database.
const AGAIN: (Duration, Duration) = (Duration::from_hours(1), Duration::from_mins(10));
/// Databases looked into in one round, and how long each may take: rounds have other work.
const MOST: usize = 50;
const DEADLINE: Duration = Duration::from_secs(10);

/// When each tenant's database is looked into again.
#[derive(Debug, Default)]
pub struct Looked(Mutex<HashMap<TenantId, Instant>>);

impl Looked {
    fn is_due(&self, tenant: TenantId) -> bool {
        let looked = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        looked.get(&tenant).is_none_or(|at| Instant::now() > *at)
    }

    fn note(&self, tenant: TenantId, again: Duration) {
        let mut looked = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        looked.retain(|_, at| *at >= now);
        looked.insert(tenant, now + again);
    }
}

struct Subject {
    id: TenantId,
    name: TenantName,
}

impl Looked {
    /// Looks into some of the databases that are due, and brings them in order; how many were not.
    pub(super) async fn renew_due(
        &self,
        pool: &PgPool,
        id: ServerId,
        server: &dyn TenantServer,
    ) -> Result<usize> {
        let mut renewed = 0;
        let due = in_use(pool, id, None).await?.into_iter().filter(|subject| self.is_due(subject.id));
        for subject in due.take(MOST) {
            let late = |_| Err(Error::Step("no answer in time".into()));
            let done = tokio::time::timeout(DEADLINE, renew(pool, id, server, &subject)).await;
            let (in_order, not) = AGAIN;
            self.note(subject.id, if matches!(done, Ok(Ok(_))) { in_order } else { not });
            match done.unwrap_or_else(late) {
                Ok(true) => {
                    renewed += 1;
                    tracing::info!(tenant = %subject.name, "brought its database to the layout of this version");
                }
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(tenant = %subject.name, %error, "its database cannot be brought to the layout of this \
                        version; trying again");
                }
            }
        }
        Ok(renewed)
    }
}

async fn renew(pool: &PgPool, id: ServerId, server: &dyn TenantServer, seen: &Subject) -> Result<bool> {
    let mut session = server.lock(&seen.name).await?;
    // Read again: whatever changes the tenant from here on waits for our lock.
    if in_use(pool, id, Some(seen.id)).await?.is_empty() {
        return Ok(false);
    }
    Ok(session.renew_layout().await?)
}

/// The tenants of a server, or one of them, whose databases stand open for us and that no run works on.
async fn in_use(pool: &PgPool, server: ServerId, only: Option<TenantId>) -> Result<Vec<Subject>> {
    let rows = sqlx::query!(
        "select id, name from tenant t where server_id = $1 and state in ('active', 'suspended')
           and ($2::uuid is null or id = $2) and not exists (select from live_run r
             where r.tenant_id = t.id)",
        server.0,
        only.map(|tenant| tenant.0),
    )
    .fetch_all(pool)
    .await?;
    let name = |name: String| TenantName::parse(&name).map_err(|_| Error::corrupt("tenant name", &name));
    rows.into_iter().map(|row| Ok(Subject { id: TenantId(row.id), name: name(row.name)? })).collect()
}
