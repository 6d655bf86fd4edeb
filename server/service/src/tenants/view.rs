use crate::{
    Error, Result, Service,
    context::{requester::Requester, target::Target},
};
use innkeeper_domain::{
    allowlist::{AllowedRange, Reach},
    connection::Endpoint,
    handoff::HandoffState,
    ids::{AccountId, OrganisationId, RunId, ServerId, TenantId},
    name::TenantName,
    organisation::MemberRole,
    organisation_slug::OrganisationSlug,
    permission::Permission,
    plan::{Extension, Plan},
    ports::Usage,
    run::RunState,
    support::SupportNumber,
    tenant::{TenantRole, TenantState},
};
use ipnet::IpNet;
use serde_json::Value;
use sqlx::PgConnection;
use std::{net::IpAddr, time::Duration};
use time::OffsetDateTime;
use uuid::Uuid;

/// A tenant, as a member of its organisation sees it.
#[derive(Debug, Clone)]
pub struct TenantView {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: TenantName,
    /// What its people call it.
    pub wish: String,
    /// Whose it is.
    pub organisation: String,
    /// Whose it is, by id.
    pub organisation_id: OrganisationId,
    /// What stands for whose it is in addresses.
    pub organisation_slug: OrganisationSlug,
    /// Where it stands.
    pub state: TenantState,
    /// Its plan.
    pub plan: Plan,
    /// Its region, for people.
    pub region_label: String,
    /// The server it lives on, once that is decided.
    pub server: Option<ServerId>,
    /// Where that server is reached.
    pub endpoint: Option<Endpoint>,
    /// PostgreSQL's major version there, or in its region as long as no server is decided; 0 if there is none.
    pub major: i32,
    /// From where it can be reached.
    pub reach: Reach,
    /// The extensions that were asked for.
    pub extensions: Vec<Extension>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When it was ready.
    pub ready_at: Option<OffsetDateTime>,
    /// What the requester may do.
    pub role: MemberRole,
    /// How its newest handoff stands now, also where nobody has written down yet that its time is over.
    pub handoff: Option<HandoffState>,
    /// When its people were first seen to connect.
    pub first_connected_at: Option<OffsetDateTime>,
    /// As which role, where that is known.
    pub first_connected_role: Option<TenantRole>,
    /// From where, where that is known.
    pub first_connected_from: Option<IpAddr>,
    /// Since when it is read-only, for it takes more than its plan's storage.
    pub storage_full_at: Option<OffsetDateTime>,
    /// Its latest run.
    pub run: Option<(RunId, RunState, SupportNumber)>,
}

/// A tenant by its name. Names that are bad, missing or somebody else's are [`Error::NotFound`] alike.
pub async fn open(service: &Service, requester: &Requester, name: &str) -> Result<TenantView> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let view = load(&mut tx, requester, Permission::TenantView, name).await?;
    tx.commit().await?;
    Ok(view)
}

/// What the tenant uses now; none when its server does not say so within 3 s.
pub async fn usage(service: &Service, tenant: &TenantView) -> Option<Usage> {
    const DEADLINE: Duration = Duration::from_secs(3);
    let server = service.servers.get(tenant.server?)?;
    match tokio::time::timeout(DEADLINE, server.usage(&tenant.name)).await {
        Ok(Ok(usage)) => usage,
        Ok(Err(error)) => {
            tracing::warn!(tenant = %tenant.name, %error, "cannot read what a tenant uses");
            None
        }
        Err(_) => {
            tracing::warn!(tenant = %tenant.name, "cannot read what a tenant uses: no answer within 3 s");
            None
        }
    }
}

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    organisation: String,
    organisation_slug: String,
    wish: String,
    state: String,
    role: String,
    extensions: Vec<String>,
    anywhere: bool,
    ranges: Vec<IpNet>,
    created_at: OffsetDateTime,
    ready_at: Option<OffsetDateTime>,
    first_connected_at: Option<OffsetDateTime>,
    first_connected_role: Option<String>,
    first_connected_from: Option<IpNet>,
    plan_name: String,
    plan_version: i32,
    plan_label: String,
    plan_summary: String,
    self_service: bool,
    limits: Value,
    server_id: Option<Uuid>,
    region_label: String,
    host: Option<String>,
    port: Option<i32>,
    major: i32,
    handoff: Option<String>,
    storage_full_at: Option<OffsetDateTime>,
    run: Option<Uuid>,
    run_state: Option<String>,
    support_number: Option<String>,
}

/// A tenant by its name for whom has the permission on it, in a transaction that sees what the requester sees. Names that
/// are bad, missing or somebody else's are [`Error::NotFound`] alike; a member without the permission gets
/// [`Error::Forbidden`].
pub(crate) async fn load(
    conn: &mut PgConnection,
    requester: &Requester,
    permission: Permission,
    name: &str,
) -> Result<TenantView> {
    let view = read(conn, requester.signed_in()?.id, name).await?;
    requester.authorize_on(conn, permission, &view).await?;
    Ok(view)
}

async fn read(conn: &mut PgConnection, person: AccountId, name: &str) -> Result<TenantView> {
    let name = TenantName::parse(name).map_err(|_| Error::NotFound)?;
    let row = sqlx::query_as!(
        Row,
        r#"select t.id, t.organisation_id, o.name as organisation, o.slug as organisation_slug, t.wish, t.state, m.role, t.extensions,
             t.anywhere, t.created_at, t.ready_at, t.first_connected_at, t.first_connected_role,
             t.first_connected_from, t.storage_full_at,
             array(select a.range::inet from allowlist_entry a where a.tenant_id = t.id
                 and (a.expires_at is null or a.expires_at > now())) as "ranges!: Vec<IpNet>",
             p.name as plan_name, p.version as plan_version, p.label as plan_label, p.summary as plan_summary,
             p.self_service, p.limits, t.server_id, coalesce(s.region_label, t.region) as "region_label!",
             s.host as "host?", s.port as "port?", coalesce(s.major, 0) as "major!",
             h.state as "handoff?", r.id as "run?", r.state as "run_state?", r.support_number as "support_number?"
           from tenant t
             join organisation o on o.id = t.organisation_id
             join member m on m.organisation_id = t.organisation_id and m.account_id = $2
             join plan p on p.name = t.plan_name and p.version = t.plan_version
             left join lateral (select * from server where id = t.server_id
                 or (t.server_id is null and region = t.region) order by name limit 1) s on true
             left join lateral (select case
                     when state = 'sealed' and sealed_until <= now() then 'expired'
                     when state = 'open' and open_until <= now() then 'lapsed'
                     else state end as state
                 from handoff where tenant_id = t.id order by created_at desc, id desc limit 1) h on true
             left join lateral (select id, state, support_number from run where tenant_id = t.id
                 order by created_at desc, id desc limit 1) r on true
           where t.name = $1"#,
        name.as_str(),
        person.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    TenantView::read(row, name)
}

impl Target for TenantView {
    fn name(&self) -> String {
        self.name.to_string()
    }

    fn organisation(&self) -> OrganisationId {
        self.organisation_id
    }

    fn tenant(&self) -> Option<TenantId> {
        Some(self.id)
    }

    fn role(&self) -> Option<MemberRole> {
        Some(self.role)
    }
}

impl TenantView {
    /// Whether the requester has a permission on it.
    pub fn may(&self, permission: Permission) -> bool {
        permission.of_member(self.role)
    }

    fn read(row: Row, name: TenantName) -> Result<Self> {
        let reach = if row.anywhere {
            Reach::Anywhere
        } else {
            let mut ranges: Vec<_> = row.ranges.into_iter().map(AllowedRange::stored).collect();
            ranges.sort_unstable();
            Reach::Only(ranges)
        };
        // A host without a decided server is only where the version comes from.
        let endpoint = row.server_id.and(row.host).zip(row.port);
        Ok(Self {
            id: TenantId(row.id),
            name,
            wish: row.wish,
            organisation: row.organisation,
            organisation_id: OrganisationId(row.organisation_id),
            organisation_slug: known("slug", row.organisation_slug, |slug| {
                OrganisationSlug::parse(slug).ok()
            })?,
            state: known("tenant state", row.state, TenantState::parse)?,
            plan: Plan {
                name: row.plan_name,
                version: row.plan_version,
                label: row.plan_label,
                summary: row.plan_summary,
                self_service: row.self_service,
                limits: serde_json::from_value(row.limits)
                    .map_err(|e| Error::corrupt("limits of a plan:", e))?,
            },
            region_label: row.region_label,
            server: row.server_id.map(ServerId),
            endpoint: endpoint
                .map(|(host, port)| {
                    let port = u16::try_from(port).map_err(|_| Error::corrupt("port of a server:", port))?;
                    Ok::<_, Error>(Endpoint { host, port })
                })
                .transpose()?,
            major: row.major,
            reach,
            extensions: row
                .extensions
                .into_iter()
                .map(|name| known("extension", name, |name| Extension::parse(name).ok()))
                .collect::<Result<_>>()?,
            created_at: row.created_at,
            ready_at: row.ready_at,
            role: known("member role", row.role, MemberRole::parse)?,
            handoff: row
                .handoff
                .map(|state| known("handoff state", state, HandoffState::parse))
                .transpose()?,
            first_connected_at: row.first_connected_at,
            first_connected_role: row
                .first_connected_role
                .map(|role| known("tenant role", role, TenantRole::parse))
                .transpose()?,
            first_connected_from: row.first_connected_from.map(|net| net.addr()),
            storage_full_at: row.storage_full_at,
            run: match (row.run, row.run_state, row.support_number) {
                (Some(id), Some(state), Some(number)) => Some((
                    RunId(id),
                    known("run state", state, RunState::parse)?,
                    SupportNumber::stored(number),
                )),
                _ => None,
            },
        })
    }
}

/// A stored word as its type.
pub(crate) fn known<T>(what: &str, word: String, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
    parse(&word).ok_or_else(|| Error::corrupt(what, word))
}
