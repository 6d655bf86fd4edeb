//! Brings servers back to what the control database says of them, when somebody changed them from outside or a portal
//! died in between. No input, and the same work each time: it compares everything.

use crate::{
    Error, Result,
    audit::{self, Actor, Entry},
    provision::{self, RuleWriter},
    servers::Servers,
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
use std::{collections::BTreeSet, sync::Arc, time::Duration};

const EVERY: Duration = Duration::from_secs(60);

/// Compares and mends. Any number of portals may run one: locks on the server keep them apart.
pub struct Reconciler {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// The servers.
    pub servers: Servers,
    /// The one writer of their rules.
    pub rules: Arc<RuleWriter>,
}

impl Reconciler {
    /// Works until the process ends.
    pub async fn run(self) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            for (id, server) in self.servers.all() {
                if let Err(error) = self.round(id, &*server).await {
                    tracing::warn!(server = %id, %error, "the server cannot be compared with the control database; \
                        trying again in {} s", EVERY.as_secs());
                }
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
        Ok(mended)
    }

    /// The rules in the file, without those of addresses whose time is over; whether they were written.
    async fn rules(&self, id: ServerId, server: &dyn TenantServer) -> Result<bool> {
        let wanted = hba::render(&provision::rules_of(&self.pool, id).await?);
        let found = server.read_rules().await?.unwrap_or_default();
        if found == wanted {
            return Ok(false);
        }
        let mut tenants = hba::tenants_that_differ(&found, &wanted);
        let changed = tenants.len();
        self.without_those_in_work(&mut tenants).await?;
        self.rules.apply(id).await.map_err(|error| Error::Step(error.to_string()))?;
        if changed > 0 && tenants.is_empty() {
            // A run has changed them just now, and writes them itself as well.
            return Ok(false);
        }
        let names: Vec<_> = tenants.iter().map(TenantName::as_str).collect();
        tracing::warn!(server = %id, tenants = ?names, "wrote the address rules anew: somebody has changed them on the \
            server, or the time of an address was over");
        let endpoint = server.endpoint();
        let subject = format!("{}:{}", endpoint.host, endpoint.port);
        let entry = Entry {
            actor: Actor::System,
            address: None,
            action: "server.mend_rules",
            subject: &subject,
            organisation: None,
            tenant: None,
            detail: json!({ "tenants": names }),
        };
        let mut conn = self.pool.acquire().await?;
        audit::record(&mut conn, &self.ids, entry).await?;
        Ok(true)
    }

    /// Leaves out the tenants that a live run works on.
    async fn without_those_in_work(&self, tenants: &mut BTreeSet<TenantName>) -> Result<()> {
        let in_work = sqlx::query_scalar!(
            "select t.name from run r join tenant t on t.id = r.tenant_id
             where r.state in ('running', 'unwinding', 'stuck')"
        )
        .fetch_all(&self.pool)
        .await?;
        tenants.retain(|tenant| !in_work.iter().any(|name| name == tenant.as_str()));
        Ok(())
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
        let entry = Entry {
            actor: Actor::System,
            address: None,
            action: "tenant.mend",
            subject: drift.name.as_str(),
            organisation: Some(drift.organisation),
            tenant: Some(drift.tenant),
            detail: json!({ "found": drift.what }),
        };
        let mut conn = self.pool.acquire().await?;
        audit::record(&mut conn, &self.ids, entry).await?;
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

/// The tenants of a server that do not stand as they should; those a run is working on are left out.
pub async fn drifts(pool: &PgPool, id: ServerId, server: &dyn TenantServer) -> Result<Vec<Drift>> {
    let found = server.standings().await?;
    let rows = sqlx::query!(
        "select t.id, t.organisation_id, t.name, t.state, p.limits from tenant t
         join plan p on p.name = t.plan_name and p.version = t.plan_version
         where t.server_id = $1 and t.state in ('active', 'suspended', 'destroying') and not exists (select from run r
           where r.tenant_id = t.id and r.state in ('running', 'unwinding', 'stuck'))",
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
