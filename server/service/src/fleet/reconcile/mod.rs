//! Brings servers back to what the control database says of them, when somebody changed them from outside or a portal
//! died in between. No input, and the same work each time: it compares everything.

use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        every::LastRuns,
        servers::Servers,
    },
    fleet::hba_writer,
};
use innkeeper_domain::{
    hba,
    ids::{Ids, OrganisationId, ServerId, TenantId},
    name::TenantName,
    plan::Limits,
    ports::TenantServer,
    tenant::TenantState,
};
use serde_json::json;
use sqlx::PgPool;
use std::{collections::BTreeSet, time::Duration};

mod layout;

pub use layout::Looked;

const EVERY: Duration = Duration::from_secs(60);

/// Compares and mends. Any number of portals may run one: locks on the server keep them apart.
pub struct Reconciler {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// The servers.
    pub servers: Servers,
    /// The tenants whose databases are known to be in order.
    pub looked: Looked,
}

impl Reconciler {
    /// Works until the process ends.
    pub async fn run(self, last: LastRuns) {
        let mut every = last.every("reconcile", EVERY);
        loop {
            every.next().await;
            let mut all = true;
            for (id, server) in self.servers.all() {
                if let Err(error) = self.round(id, &*server).await {
                    all = false;
                    tracing::warn!(server = %id, %error, "the server cannot be compared with the control database; \
                        trying again in {} s", EVERY.as_secs());
                }
            }
            if all {
                every.ended(Ok(()));
            }
        }
    }

    /// Compares one server and mends what differs; how many things were mended: tenants, and the rules as one.
    pub async fn round(&self, id: ServerId, server: &dyn TenantServer) -> Result<usize> {
        let mut mended = match self.rules(id, server).await {
            Ok(written) => written.into(),
            Err(error) => {
                tracing::error!(server = %id, %error, "the address rules cannot be compared or written");
                0
            }
        };
        for drift in drifts(&self.pool, id, server).await? {
            match self.mend(id, server, &drift).await {
                Ok(true) => mended += 1,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(tenant = %drift.name, %error, "a tenant that drifted cannot be mended");
                }
            }
        }
        Ok(mended + self.looked.renew_due(&self.pool, id, server).await?)
    }

    /// The rules in the file, without those of addresses whose time is over; whether they were written. The portal's own
    /// writing, such as the first one to a new server, is nothing to tell anybody.
    async fn rules(&self, id: ServerId, server: &dyn TenantServer) -> Result<bool> {
        let wanted = hba::render(&hba_writer::load(&self.pool, id).await?);
        if server.read_rules().await?.as_ref() == Some(&wanted) {
            return Ok(false);
        }
        // Compared again under the lock of all who write: whoever changed the rows has written by then, or waits for it.
        let session = server.lock_rules().await?;
        let before = server.read_rules().await?;
        let wanted = hba::render(&hba_writer::load(&self.pool, id).await?);
        if before.as_ref() == Some(&wanted) {
            return Ok(false);
        }
        let found = before.clone().unwrap_or_default();
        let in_work = self.in_work().await?;
        let tenants = &hba::tenants_that_differ(&found, &wanted) - &in_work;
        let full = hba::render(&hba_writer::load_with_expired(&self.pool, id).await?);
        session.write(&wanted).await?;
        let [found, wanted, full] = [&found, &wanted, &full].map(|block| hba::without(block, &in_work));
        if found == wanted || (before.is_none() && tenants.is_empty()) {
            // A run has changed them just now, and writes them itself as well; or the server had none.
            return Ok(false);
        }
        if hba::is_part_of(&wanted, &found) && hba::is_part_of(&found, &full) {
            tracing::info!(server = %id, ?tenants, "the time of allowed IP addresses was over");
            return Ok(true);
        }
        let names: Vec<_> = tenants.iter().map(TenantName::as_str).collect();
        tracing::warn!(server = %id, tenants = ?names, "pg_hba.conf drift corrected");
        let endpoint = server.endpoint();
        let subject = format!("{}:{}", endpoint.host, endpoint.port);
        let entry = Actor::System
            .audit(Action::HbaDriftCorrect)
            .subject(&subject)
            .detail(json!({ "tenants": names }));
        let mut conn = self.pool.acquire().await?;
        entry.record(&mut conn, &self.ids).await?;
        Ok(true)
    }

    /// The tenants that a live run works on.
    async fn in_work(&self) -> Result<BTreeSet<TenantName>> {
        let in_work =
            sqlx::query_scalar!("select t.name from live_run r join tenant t on t.id = r.tenant_id")
                .fetch_all(&self.pool)
                .await?;
        let parse = |name: String| TenantName::parse(&name).map_err(|_| Error::corrupt("tenant name", &name));
        in_work.into_iter().map(parse).collect()
    }

    /// Mends one tenant, unless it stands well by now or a run works on it; whether it was.
    async fn mend(&self, id: ServerId, server: &dyn TenantServer, seen: &Drift) -> Result<bool> {
        let mut session = server.lock(&seen.name).await?;
        // Read again: whatever changes the tenant from here on waits for our lock.
        let now = drifts(&self.pool, id, server).await?;
        let Some(drift) = now.into_iter().find(|drift| drift.tenant == seen.tenant) else { return Ok(false) };
        match drift.state {
            TenantState::Active => {
                session.set_closed(false).await?;
                session.let_in(&drift.limits).await?;
            }
            TenantState::Suspended => {
                session.cut_off().await?;
                session.set_closed(false).await?;
            }
            _ => {
                session.cut_off().await?;
                session.set_closed(true).await?;
            }
        }
        tracing::warn!(tenant = %drift.name, found = drift.what, "mended a tenant that was changed from outside");
        let entry = Actor::System
            .audit(Action::TenantDriftCorrect)
            .subject(drift.name.as_str())
            .in_tenant((drift.organisation, drift.tenant))
            .detail(json!({ "found": drift.what }));
        let mut conn = self.pool.acquire().await?;
        entry.record(&mut conn, &self.ids).await?;
        Ok(true)
    }
}

/// A tenant that does not stand on its server as it should.
#[derive(Debug, Clone)]
pub struct Drift {
    /// Which.
    pub tenant: TenantId,
    /// Whose.
    pub organisation: OrganisationId,
    /// Its name.
    pub name: TenantName,
    /// What is other than it should be.
    pub what: String,
    state: TenantState,
    limits: Limits,
}

/// The tenants of a server that do not stand as they should; those a run is working on are left out. One whose cutting
/// off is held, alone or for new passwords, has to stand as one that is suspended.
pub async fn drifts(pool: &PgPool, id: ServerId, server: &dyn TenantServer) -> Result<Vec<Drift>> {
    let found = server.standings().await?;
    let rows = sqlx::query!(
        r#"select t.id, t.organisation_id, t.name, case when r.id is null then t.state else 'suspended' end as "state!", p.limits
         from tenant t join plan p on p.name = t.plan_name and p.version = t.plan_version
         left join live_run r on r.tenant_id = t.id
         where t.server_id = $1 and t.state in ('active', 'suspended', 'destroying') and (r.id is null
           or r.state = 'stuck' and exists (select from step s where s.run_id = r.id and s.position = r.cursor
             and (s.name = 'cut_off' and s.state = 'failed' or s.name in ('change_passwords', 'clear_passwords'))))"#,
        id.0
    )
    .fetch_all(pool)
    .await?;
    let mut drifts = Vec::new();
    for row in rows {
        let name = TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?;
        let state =
            TenantState::parse(&row.state).ok_or_else(|| Error::corrupt("tenant state", &row.state))?;
        let limits: Limits =
            serde_json::from_value(row.limits).map_err(|what| Error::corrupt("limits of plan", what))?;
        // A database that is missing is an orphan of the control database: nothing here can mend that.
        let Some(standing) = found.get(&name) else { continue };
        if let Some(what) = standing.drift(state, &limits) {
            drifts.push(Drift {
                tenant: TenantId(row.id),
                organisation: OrganisationId(row.organisation_id),
                name,
                what,
                state,
                limits,
            });
        }
    }
    Ok(drifts)
}
