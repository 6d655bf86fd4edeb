//! Runs that need a person: which they are, resuming them, rolling them back.

use crate::{
    Error, Result,
    context::{audit::Action, deps::Store, requester::Requester, target::Target},
    workflows::{self, engine},
};
use innkeeper_domain::{
    ids::{OrganisationId, RunId, TenantId},
    organisation::MemberRole,
    permission::Permission,
    run::RunKind,
    support::SupportNumber,
};
use serde_json::json;
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Runs listed at once.
const MOST: i64 = 200;

/// A run that stands still until a person looks.
#[derive(Debug, Clone, serde::Serialize)]
pub struct StuckRun {
    /// The number by which it is named.
    pub number: String,
    /// What it is for.
    pub kind: String,
    /// The tenant's name.
    pub tenant: String,
    /// The step at which it stands.
    pub step: String,
    /// What went wrong there.
    pub error: String,
    /// Since when.
    #[serde(with = "time::serde::rfc3339::option")]
    pub since: Option<OffsetDateTime>,
}

/// The stuck runs, oldest first.
pub async fn stuck(store: &Store, requester: &Requester) -> Result<Vec<StuckRun>> {
    let mut tx = requester.begin_read(&store.pool).await?;
    requester.authorize(&mut tx, Permission::RunList).await?;
    Ok(sqlx::query_as!(
        StuckRun,
        r#"select r.support_number as number, r.kind, t.name as tenant, s.name as step, concat_ws(': ', s.error, s.blocked_by) as "error!",
             r.finished_at as since
           from run r join tenant t on t.id = r.tenant_id join step s on s.run_id = r.id and s.position = r.cursor
           where r.state = 'stuck' order by r.finished_at, r.id limit $1"#,
        MOST
    )
    .fetch_all(&mut *tx)
    .await?)
}

/// Resumes a stuck run where it stopped. [`Error::NotFound`] for a number that no run has, [`Error::Conflict`] for
/// a run that is not stuck.
pub async fn resume(store: &Store, requester: &Requester, number: &str) -> Result<()> {
    let mut tx = requester.begin(&store.pool).await?;
    let run = find(&mut tx, requester, Permission::RunResume, number).await?;
    if !engine::go_on(&mut tx, run.id, workflows::deadline(run.kind)).await? {
        return Err(Error::Conflict);
    }
    record(store, requester, &mut tx, &run, Action::RunResume).await?;
    Ok(tx.commit().await?)
}

/// Rolls back a run that goes forward or is stuck at a step. [`Error::NotFound`] for a number that no run has,
/// [`Error::Conflict`] for a run that is over or on its way back, and for a removal that has removed something.
pub async fn roll_back(store: &Store, requester: &Requester, number: &str) -> Result<()> {
    let mut tx = requester.begin(&store.pool).await?;
    let run = find(&mut tx, requester, Permission::RunRollback, number).await?;
    if (run.kind == RunKind::Remove && run.cursor > 0)
        || !engine::turn_back(&mut tx, run.id, "Rolled back by the operator.").await?
    {
        return Err(Error::Conflict);
    }
    record(store, requester, &mut tx, &run, Action::RunRollback).await?;
    Ok(tx.commit().await?)
}

struct Found {
    id: RunId,
    kind: RunKind,
    /// Stays as it is until the transaction ends.
    cursor: i32,
    organisation: OrganisationId,
    tenant: TenantId,
    name: String,
    role: Option<MemberRole>,
}

impl Target for Found {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    fn role(&self) -> Option<MemberRole> {
        self.role
    }
}

async fn find(
    conn: &mut PgConnection,
    requester: &Requester,
    permission: Permission,
    number: &str,
) -> Result<Found> {
    let number = SupportNumber::stored(number.trim().to_uppercase());
    let row = sqlx::query!(
        r#"select r.id, r.kind, r.cursor, r.organisation_id, r.tenant_id, t.name, m.role as "role?"
           from run r join tenant t on t.id = r.tenant_id
             left join member m on m.organisation_id = r.organisation_id and m.account_id = $2
           where r.support_number = $1 for update of r"#,
        number.as_str(),
        requester.account.as_ref().map(|person| person.id.0),
    )
    .fetch_optional(&mut *conn)
    .await?
    .ok_or(Error::NotFound)?;
    let found = Found {
        id: RunId(row.id),
        kind: RunKind::parse(&row.kind).ok_or_else(|| Error::corrupt("run kind", &row.kind))?,
        cursor: row.cursor,
        organisation: OrganisationId(row.organisation_id),
        tenant: TenantId(row.tenant_id),
        name: row.name,
        role: row.role.as_deref().and_then(MemberRole::parse),
    };
    requester.authorize_on(conn, permission, &found).await?;
    Ok(found)
}

async fn record(
    store: &Store,
    requester: &Requester,
    conn: &mut PgConnection,
    run: &Found,
    action: Action,
) -> Result<()> {
    let detail = json!({ "run": run.id, "kind": run.kind });
    Ok(requester.audit(action).of(run).detail(detail).record(conn, &store.ids).await?)
}
