use super::{
    TenantView,
    view::{known, load},
};
use crate::{
    Result, Service,
    context::requester::Requester,
    db::paging::{self, Page, one_more},
};
use innkeeper_domain::{
    ids::{RunId, TenantId},
    permission::Permission,
    run::{RunKind, RunState, StepState},
    support::SupportNumber,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use time::OffsetDateTime;
use uuid::Uuid;

/// A run in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct RunLine {
    /// Which.
    pub id: RunId,
    /// What for.
    pub kind: RunKind,
    /// Where it stands.
    pub state: RunState,
    /// The number to quote.
    pub support_number: SupportNumber,
    /// When it was started.
    pub created_at: OffsetDateTime,
    /// When it ended.
    pub finished_at: Option<OffsetDateTime>,
    /// Why it failed, in words for people.
    pub failure: Option<String>,
    /// Its steps in order.
    pub steps: Vec<StepLine>,
}

/// A step in the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct StepLine {
    /// Its name, as stored.
    pub name: String,
    /// Where it stands.
    pub state: StepState,
    /// How often it was begun.
    pub attempts: i32,
    /// What it did, for people.
    pub output: Option<String>,
    /// What went wrong with its last try.
    pub error: Option<String>,
    /// When it was first begun.
    pub started_at: Option<OffsetDateTime>,
    /// When it was done, given up or undone.
    pub finished_at: Option<OffsetDateTime>,
    /// How long it took, or has taken so far, in seconds by the control database's clock.
    pub seconds: Option<f64>,
}

const SIZE: usize = 10;

/// The journal of a tenant: its runs, newest first, 10 a page. `before` is [`Page::next`] of the page before.
pub async fn runs(
    service: &Service,
    requester: &Requester,
    name: &str,
    before: &str,
) -> Result<(TenantView, Page<RunLine>)> {
    let _person = requester.signed_in()?;
    let mut tx = requester.begin_read(&service.pool).await?;
    let tenant = load(&mut tx, requester, Permission::TenantView, name).await?;
    let total =
        sqlx::query_scalar!(r#"select count(*) as "total!" from run where tenant_id = $1"#, tenant.id.0)
            .fetch_one(&mut *tx)
            .await?;
    let (at, id) = paging::time(before).unzip();
    let rows = sqlx::query_as!(
        Row,
        "select id, kind, state, support_number, created_at, finished_at, failure from run
         where tenant_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
         order by created_at desc, id desc limit $4",
        tenant.id.0,
        at,
        id,
        one_more(SIZE),
    )
    .fetch_all(&mut *tx)
    .await?;
    let page = Page::cut(rows, SIZE, total, |row| paging::by_time(row.created_at, row.id));
    let items = with_steps(&mut tx, page.items).await?;
    tx.commit().await?;
    Ok((tenant, Page { items, next: page.next, total }))
}

/// The run that made the tenant, or tried to the last time; with the seconds it took or has taken so far, and the
/// time of its last change.
pub(crate) async fn latest_onboarding(
    conn: &mut PgConnection,
    tenant: TenantId,
) -> Result<Option<(RunLine, f64, OffsetDateTime)>> {
    let row = sqlx::query!(
        r#"select id, kind, state, support_number, created_at, finished_at, failure,
             extract(epoch from coalesce(finished_at, now()) - created_at)::float8 as "seconds!",
             greatest(created_at, finished_at,
                 (select max(greatest(intent_at, started_at, finished_at)) from step where run_id = run.id)) as "changed_at!"
           from run where tenant_id = $1 and kind = $2 order by created_at desc, id desc limit 1"#,
        tenant.0,
        RunKind::Onboard.as_str(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (seconds, changed_at) = (row.seconds, row.changed_at);
    let row = Row {
        id: row.id,
        kind: row.kind,
        state: row.state,
        support_number: row.support_number,
        created_at: row.created_at,
        finished_at: row.finished_at,
        failure: row.failure,
    };
    Ok(with_steps(conn, vec![row]).await?.pop().map(|line| (line, seconds, changed_at)))
}

/// The newest run of these kinds.
pub(crate) async fn latest_of(
    conn: &mut PgConnection,
    tenant: TenantId,
    kinds: &[RunKind],
) -> Result<Option<RunLine>> {
    let kinds: Vec<String> = kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let row = sqlx::query_as!(
        Row,
        "select id, kind, state, support_number, created_at, finished_at, failure from run
         where tenant_id = $1 and kind = any($2) order by created_at desc, id desc limit 1",
        tenant.0,
        &kinds,
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(with_steps(conn, row.into_iter().collect()).await?.pop())
}

struct Row {
    id: Uuid,
    kind: String,
    state: String,
    support_number: String,
    created_at: OffsetDateTime,
    finished_at: Option<OffsetDateTime>,
    failure: Option<String>,
}

async fn with_steps(conn: &mut PgConnection, rows: Vec<Row>) -> Result<Vec<RunLine>> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let steps = sqlx::query!(
        r#"select run_id, name, state, attempts, output, error, started_at, finished_at,
             extract(epoch from coalesce(finished_at, now()) - started_at)::float8 as seconds
           from step where run_id = any($1) order by run_id, position"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let mut by_run: HashMap<Uuid, Vec<StepLine>> = HashMap::new();
    for step in steps {
        by_run.entry(step.run_id).or_default().push(StepLine {
            name: step.name,
            state: known("step state", step.state, StepState::parse)?,
            attempts: step.attempts,
            output: step.output,
            error: step.error,
            started_at: step.started_at,
            finished_at: step.finished_at,
            seconds: step.seconds,
        });
    }
    rows.into_iter()
        .map(|row| {
            Ok(RunLine {
                id: RunId(row.id),
                kind: known("run kind", row.kind, RunKind::parse)?,
                state: known("run state", row.state, RunState::parse)?,
                support_number: SupportNumber::stored(row.support_number),
                created_at: row.created_at,
                finished_at: row.finished_at,
                failure: row.failure,
                steps: by_run.remove(&row.id).unwrap_or_default(),
            })
        })
        .collect()
}
