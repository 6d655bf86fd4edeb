//! Runs as the operator deals with them: which need a person, letting them go on, turning them back.

use crate::{
    Error, Result,
    context::audit::{self, Actor, Entry},
    workflows::{self, engine},
};
use innkeeper_domain::{
    ids::{Ids, OrganisationId, RunId, TenantId},
    run::RunKind,
    support::SupportNumber,
};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
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
pub async fn stuck(worker: &PgPool) -> Result<Vec<StuckRun>> {
    Ok(sqlx::query_as!(
        StuckRun,
        r#"select r.support_number as number, r.kind, t.name as tenant, s.name as step, concat_ws(': ', s.error, s.blocked_by) as "error!",
             r.finished_at as since
           from run r join tenant t on t.id = r.tenant_id join step s on s.run_id = r.id and s.position = r.cursor
           where r.state = 'stuck' order by r.finished_at, r.id limit $1"#,
        MOST
    )
    .fetch_all(worker)
    .await?)
}

/// Lets a stuck run go on where it stopped. [`Error::NotFound`] for a number that no run has, [`Error::Conflict`] for
/// a run that is not stuck.
pub async fn go_on(worker: &PgPool, ids: &Ids, number: &str) -> Result<()> {
    let mut tx = worker.begin().await?;
    let run = find(&mut tx, number).await?;
    if !engine::go_on(&mut tx, run.id, workflows::deadline(run.kind)).await? {
        return Err(Error::Conflict);
    }
    record(&mut tx, ids, &run, "run.go_on").await?;
    Ok(tx.commit().await?)
}

/// Undoes a run that goes forward or is stuck at a step. [`Error::NotFound`] for a number that no run has,
/// [`Error::Conflict`] for a run that is over or on its way back, and for a removal that has removed something.
pub async fn turn_back(worker: &PgPool, ids: &Ids, number: &str) -> Result<()> {
    let mut tx = worker.begin().await?;
    let run = find(&mut tx, number).await?;
    if (run.kind == RunKind::Remove && run.cursor > 0)
        || !engine::turn_back(&mut tx, run.id, "The operator turned it back.").await?
    {
        return Err(Error::Conflict);
    }
    record(&mut tx, ids, &run, "run.turn_back").await?;
    Ok(tx.commit().await?)
}

struct Found {
    id: RunId,
    kind: RunKind,
    /// Stays as it is until the transaction ends.
    cursor: i32,
    whose: (OrganisationId, TenantId),
    tenant: String,
}

async fn find(conn: &mut PgConnection, number: &str) -> Result<Found> {
    let number = SupportNumber::stored(number.trim().to_uppercase());
    let row = sqlx::query!(
        "select r.id, r.kind, r.cursor, r.organisation_id, r.tenant_id, t.name from run r join tenant t on t.id = r.tenant_id
         where r.support_number = $1 for update of r",
        number.as_str()
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(Found {
        id: RunId(row.id),
        kind: RunKind::parse(&row.kind).ok_or_else(|| Error::corrupt("run kind", &row.kind))?,
        cursor: row.cursor,
        whose: (OrganisationId(row.organisation_id), TenantId(row.tenant_id)),
        tenant: row.name,
    })
}

async fn record(conn: &mut PgConnection, ids: &Ids, run: &Found, action: &'static str) -> Result<()> {
    let entry = Entry {
        actor: Actor::Operator,
        address: None,
        action,
        subject: &run.tenant,
        organisation: Some(run.whose.0),
        tenant: Some(run.whose.1),
        detail: json!({ "run": run.id, "kind": run.kind }),
    };
    Ok(audit::record(conn, ids, entry).await?)
}
