use super::provisioning_context::{Hold, Tools};
use crate::{
    Error, Result,
    fleet::hba_writer::reach,
    workflows::engine::{StepCx, StepError},
};
use innkeeper_domain::{
    allowlist::Reach,
    ids::{OrganisationId, ServerId, TenantId},
    name::TenantName,
    plan::{Extension, Limits},
    ports::{TenantServer, TenantSession},
    tenant::TenantState,
};
use sqlx::PgPool;
use std::sync::Arc;

/// The tenant a run is about, as the control database has it.
#[derive(Debug, Clone)]
pub struct Subject {
    pub id: TenantId,
    pub organisation: OrganisationId,
    pub name: TenantName,
    pub region: String,
    pub server: Option<ServerId>,
    pub limits: Limits,
    pub reach: Reach,
    pub extensions: Vec<Extension>,
    pub state: TenantState,
    /// What it was before its removal was asked for.
    pub state_before: Option<TenantState>,
    /// It takes more than its plan's storage, and is read-only by default.
    pub storage_full: bool,
}

impl Subject {
    /// Reads the tenant.
    pub async fn load(pool: &PgPool, tenant: TenantId) -> Result<Self> {
        let row = sqlx::query!(
            r#"select t.organisation_id, t.name, t.region, t.state, t.state_before, t.storage_full_at is not null as "storage_full!", t.server_id, p.limits, t.anywhere, t.extensions,
                 array(select range from allowlist_entry e where e.tenant_id = t.id
                   and (e.expires_at is null or e.expires_at > now()) order by range) as "ranges!: Vec<ipnet::IpNet>"
               from tenant t join plan p on p.name = t.plan_name and p.version = t.plan_version
               where t.id = $1"#,
            tenant.0
        )
        .fetch_one(pool)
        .await?;
        let extension = |name: &String| Extension::parse(name).map_err(|_| Error::corrupt("extension", name));
        let state = |text: &str| TenantState::parse(text).ok_or_else(|| Error::corrupt("tenant state", text));
        Ok(Self {
            id: tenant,
            organisation: OrganisationId(row.organisation_id),
            name: TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?,
            region: row.region,
            server: row.server_id.map(ServerId),
            limits: serde_json::from_value(row.limits).map_err(|e| Error::corrupt("limits", e))?,
            reach: reach(row.anywhere, row.ranges),
            extensions: row.extensions.iter().map(extension).collect::<Result<_>>()?,
            state: state(&row.state)?,
            storage_full: row.storage_full,
            state_before: row.state_before.as_deref().map(state).transpose()?,
        })
    }

    /// Whether it is in use by what it is now, or was when its removal was asked for.
    pub fn is_in_use(&self) -> bool {
        self.state_before.unwrap_or(self.state) == TenantState::Active
    }

    /// The server the tenant was promised a place on.
    pub fn server(&self, tools: &Tools) -> std::result::Result<Arc<dyn TenantServer>, StepError> {
        let id = self.server.ok_or_else(|| StepError::Fatal("No server was chosen.".into()))?;
        tools.server(id)
    }
}

/// Loads the tenant and takes its session out of the hold. Whoever succeeds puts it back ([`Hold::keep`]); after an
/// error it is dropped and with it closed, since nobody knows what state it is in.
pub async fn open(
    tools: &Tools,
    cx: &mut StepCx<'_, Hold>,
) -> std::result::Result<(Subject, Box<dyn TenantSession>), StepError> {
    let subject = Subject::load(&tools.pool, cx.run.tenant).await?;
    let server = subject.server(tools)?;
    let session = if let Some(session) = cx.hold.take() {
        session
    } else {
        let session = server.lock(&subject.name).await?;
        // Whoever takes the run over from now on waits for this lock; who did before has made us wait.
        cx.run.still_held(&tools.pool).await?;
        session
    };
    Ok((subject, session))
}
