use crate::{
    Result, Service,
    context::{permission::admins, requester::Requester},
    tenants::{self, RunLine, TenantView},
};
use innkeeper_domain::{
    handoff::HandoffState,
    ids::TenantId,
    permission::Permission,
    ports::Usage,
    run::RunKind,
    tenant::{PerRole, TenantState},
};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// What an admin sees before changing a tenant's life.
#[derive(Debug, Clone)]
pub struct DangerView {
    /// The tenant.
    pub tenant: TenantView,
    /// The newest run of the kinds that these pages start, live or over.
    pub run: Option<RunLine>,
    /// A run of any kind is live: other changes have to wait for its end.
    pub live: bool,
    /// When a tenant that was destroyed is removed for good.
    pub removal_at: Option<OffsetDateTime>,
    /// What the tenant was before its removal was asked for.
    pub state_before: Option<TenantState>,
    /// The newest final backup.
    pub backup: Option<BackupLine>,
    /// What the tenant uses now; none when its server does not say so.
    pub usage: Option<Usage>,
    /// The addresses of the organisation's admins.
    pub admins: Vec<String>,
    /// When this was read, by the control database's clock: what is left of a time is left from here on.
    pub now: OffsetDateTime,
}

/// A backup, as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupLine {
    /// Size of the encrypted file; none as long as it is being taken.
    pub bytes: Option<i64>,
    /// When it was begun.
    pub created_at: OffsetDateTime,
    /// When it was verified.
    pub read_back_at: Option<OffsetDateTime>,
    /// Until when it is kept, once that is decided.
    pub kept_until: Option<OffsetDateTime>,
}

/// The newest backup of a tenant that was verified and is still kept, for its members.
pub async fn last_backup(
    service: &Service,
    requester: &Requester,
    tenant: &TenantView,
) -> Result<Option<BackupLine>> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let backup = sqlx::query_as!(
        BackupLine,
        "select bytes, created_at, read_back_at, kept_until from backup
         where tenant_id = $1 and read_back_at is not null and (kept_until is null or kept_until > now())
         order by created_at desc, id desc limit 1",
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(backup)
}

/// A tenant's life, for admins.
pub async fn danger(service: &Service, requester: &Requester, name: &str) -> Result<DangerView> {
    const KINDS: [RunKind; 6] = [
        RunKind::Suspend,
        RunKind::Resume,
        RunKind::Destroy,
        RunKind::UndoDestroy,
        RunKind::Remove,
        RunKind::ChangePlan,
    ];
    let mut tx = requester.begin_read(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::LifecycleView, name).await?;
    let run = tenants::latest_of(&mut tx, tenant.id, &KINDS).await?;
    let live = is_live(&mut tx, tenant.id).await?;
    let row = sqlx::query!(
        r#"select removal_at, state_before, now() as "now!" from tenant where id = $1"#,
        tenant.id.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let backup = sqlx::query_as!(
        BackupLine,
        "select bytes, created_at, read_back_at, kept_until from backup where tenant_id = $1
         order by read_back_at is null, created_at desc, id desc limit 1",
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let admins = admins(&mut tx, tenant.organisation_id).await?;
    tx.commit().await?;
    let usage = tenants::usage(service, &tenant).await;
    Ok(DangerView {
        run,
        live,
        removal_at: row.removal_at,
        state_before: row.state_before.as_deref().and_then(TenantState::parse),
        backup,
        usage,
        admins,
        now: row.now,
        tenant,
    })
}

/// The roles of a tenant and their use, for admins.
#[derive(Debug, Clone)]
pub struct CredentialsView {
    /// The tenant.
    pub tenant: TenantView,
    /// The login names.
    pub roles: PerRole<String>,
    /// What the tenant uses now; none when its server does not say so.
    pub usage: Option<Usage>,
    /// When the passwords were last made.
    pub changed_at: Option<OffsetDateTime>,
    /// How many whole days ago that was, by the control database's clock.
    pub age_days: Option<i64>,
    /// A run is live: new passwords have to wait for its end.
    pub live: bool,
}

impl CredentialsView {
    /// How the passwords stand that were made last and wait to be saved: no new ones are made meanwhile.
    pub fn waiting(&self) -> Option<HandoffState> {
        self.tenant.handoff.filter(|state| matches!(state, HandoffState::Sealed | HandoffState::Open))
    }
}

/// The roles of a tenant and their use, for admins.
pub async fn credentials(service: &Service, requester: &Requester, name: &str) -> Result<CredentialsView> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let tenant = tenants::load(&mut tx, requester, Permission::CredentialsView, name).await?;
    let live = is_live(&mut tx, tenant.id).await?;
    let made = sqlx::query!(
        r#"select created_at, floor(extract(epoch from now() - created_at) / 86400)::bigint as "days!" from handoff
           where tenant_id = $1 order by created_at desc, id desc limit 1"#,
        tenant.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    tx.commit().await?;
    let usage = tenants::usage(service, &tenant).await;
    let (changed_at, age_days) = made.map(|made| (made.created_at, made.days)).unzip();
    let roles = PerRole::make(|role| tenant.name.role(role));
    Ok(CredentialsView { tenant, roles, usage, changed_at, age_days, live })
}

/// Whether something is being done with the tenant.
pub(super) async fn is_live(conn: &mut PgConnection, tenant: TenantId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from live_run where tenant_id = $1)
             as "live!""#,
        tenant.0
    )
    .fetch_one(conn)
    .await?)
}
