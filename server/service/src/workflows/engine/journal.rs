//! What the engine writes down. Every write holds the fencing token: who lost the lease writes nothing.

use super::step::{Ended, Plan, RunRow};
use crate::{Error, Result, db::run_events};
use innkeeper_domain::run::{RunState, StepState};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use std::time::Duration;

/// The lease is somebody else's: stop at once.
#[derive(Debug)]
pub enum Broken {
    /// Another worker holds the run.
    Lost,
    /// The control database did not answer; the lease will run out.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Broken {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

type Written<T> = std::result::Result<T, Broken>;

/// Begins a transaction that holds the run's row, if the token is still ours.
async fn begin(pool: &PgPool, run: &RunRow) -> Written<Transaction<'static, Postgres>> {
    let mut tx = pool.begin().await?;
    if run.is_held(&mut tx).await? { Ok(tx) } else { Err(Broken::Lost) }
}

async fn commit(mut tx: Transaction<'static, Postgres>, run: &RunRow) -> Written<()> {
    run_events::notify(&mut tx, run_events::Change::Run(run.id)).await?;
    Ok(tx.commit().await?)
}

fn position(run: &RunRow) -> i32 {
    i32::try_from(run.cursor).unwrap_or(i32::MAX)
}

async fn write_intent(conn: &mut PgConnection, run: &RunRow, undo: bool) -> Written<()> {
    sqlx::query!(
        "update step set state = $3, attempts = attempts + 1, intent_at = coalesce(intent_at, now()),
            started_at = coalesce(started_at, now()), error = case when $3 = 'running' and blocked_by is null then null else error end
         where run_id = $1 and position = $2",
        run.id.0,
        position(run),
        if undo { StepState::Undoing.as_str() } else { StepState::Running.as_str() },
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records that the step at the cursor is about to be run or undone.
pub async fn intent(pool: &PgPool, run: &RunRow, undo: bool) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    write_intent(&mut tx, run, undo).await?;
    commit(tx, run).await
}

/// Records that the step at the cursor is done, what belongs to it, and the intent of the next one or the run's end.
pub async fn done<C: Send>(pool: &PgPool, run: &mut RunRow, plan: &dyn Plan<C>, note: &str) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    if let Some(step) = plan.steps().get(run.cursor) {
        step.record(run, &mut tx).await?;
    }
    let mut next = RunRow { cursor: run.cursor + 1, attempts: 0, ..run.clone() };
    // One statement for what is written for each step of each run.
    sqlx::query!(
        "with done as (update step set state = 'done', output = $3, error = null, blocked_by = null, finished_at = now()
            where run_id = $1 and position = $2),
         intent as (update step set state = 'running', attempts = attempts + 1, error = null,
            intent_at = coalesce(intent_at, now()), started_at = coalesce(started_at, now())
            where run_id = $1 and position = $2 + 1)
         update run set cursor = $2 + 1, attempts = 0 where id = $1",
        run.id.0,
        position(run),
        note,
    )
    .execute(&mut *tx)
    .await?;
    if next.cursor == plan.steps().len() {
        next.state = RunState::Done;
        plan.ended(&next, &Ended::Done, &mut tx).await?;
        write_run(&mut tx, &next).await?;
    }
    commit(tx, &next).await?;
    *run = next;
    Ok(())
}

/// Writes where the run stands; a run that is over gives its lease back.
async fn write_run(conn: &mut PgConnection, run: &RunRow) -> Written<()> {
    sqlx::query!(
        "update run set state = $2, cursor = $3, attempts = $4, failure = $5,
            finished_at = case when $6 then now() end, lease_until = case when $6 then null else lease_until end
         where id = $1",
        run.id.0,
        run.state.as_str(),
        position(run),
        run.attempts,
        run.failure,
        run.state.is_over(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Gives the run back until later; `error` is what went wrong with this try, if something did.
pub async fn later(pool: &PgPool, run: &RunRow, wait: Duration, error: Option<&str>) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    sqlx::query!(
        "update run set attempts = attempts + 1, schedule_at = now() + make_interval(secs => $2), lease_until = null where id = $1",
        run.id.0,
        wait.as_secs_f64()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update step set error = $3, blocked_by = null where run_id = $1 and position = $2",
        run.id.0,
        position(run),
        error
    )
    .execute(&mut *tx)
    .await?;
    commit(tx, run).await
}

/// Gives the run back until later since somebody else is in the way: `why` for the person who waits, `by` for the
/// operator.
pub async fn blocked(pool: &PgPool, run: &RunRow, wait: Duration, why: &str, by: &str) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    sqlx::query!(
        "update run set schedule_at = now() + make_interval(secs => $2), lease_until = null where id = $1",
        run.id.0,
        wait.as_secs_f64()
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update step set error = $3, blocked_by = $4 where run_id = $1 and position = $2",
        run.id.0,
        position(run),
        why,
        by
    )
    .execute(&mut *tx)
    .await?;
    commit(tx, run).await
}

async fn write_failed(conn: &mut PgConnection, run: &RunRow, why: &str) -> Written<()> {
    sqlx::query!(
        "update step set state = 'failed', error = $3, finished_at = now() where run_id = $1 and position = $2",
        run.id.0,
        position(run),
        why
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records that the step at the cursor failed for good: from here on the run is undone, this step first.
pub async fn give_up(pool: &PgPool, run: &mut RunRow, why: &str) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    write_failed(&mut tx, run, why).await?;
    let next =
        RunRow { state: RunState::Unwinding, attempts: 0, failure: Some(why.to_owned()), ..run.clone() };
    write_run(&mut tx, &next).await?;
    commit(tx, &next).await?;
    *run = next;
    Ok(())
}

/// Records that the step at the cursor is undone; the step that failed stays marked as such.
pub async fn undone<C: Send>(pool: &PgPool, run: &mut RunRow, plan: &dyn Plan<C>) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    sqlx::query!(
        "update step s set finished_at = now(), blocked_by = null, state = case when later then 'undone' else 'failed' end,
           error = case when later then null else $3 end
         from (select exists (select from step where run_id = $1 and position > $2 and state <> 'waiting')) e (later)
         where s.run_id = $1 and s.position = $2 and s.state <> 'waiting'",
        run.id.0,
        position(run),
        run.failure,
    )
    .execute(&mut *tx)
    .await?;
    let mut next = RunRow { attempts: 0, ..run.clone() };
    if run.cursor == 0 {
        next.state = RunState::Failed;
        let why = next.failure.clone().unwrap_or_default();
        plan.ended(&next, &Ended::Failed(why), &mut tx).await?;
    } else {
        next.cursor -= 1;
    }
    write_run(&mut tx, &next).await?;
    commit(tx, &next).await?;
    *run = next;
    Ok(())
}

/// Records that the step at the cursor failed for good and that nothing is undone: a person decides.
pub async fn hold<C: Send>(pool: &PgPool, run: &mut RunRow, plan: &dyn Plan<C>, why: &str) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    write_failed(&mut tx, run, why).await?;
    let next = RunRow { state: RunState::Stuck, failure: Some(why.to_owned()), ..run.clone() };
    plan.ended(&next, &Ended::Stuck(why.to_owned()), &mut tx).await?;
    write_run(&mut tx, &next).await?;
    commit(tx, &next).await?;
    *run = next;
    Ok(())
}

/// Records that the step at the cursor cannot be undone: a person has to look.
pub async fn stuck<C: Send>(pool: &PgPool, run: &mut RunRow, plan: &dyn Plan<C>, why: &str) -> Written<()> {
    let mut tx = begin(pool, run).await?;
    sqlx::query!(
        "update step set error = $3 where run_id = $1 and position = $2",
        run.id.0,
        position(run),
        why
    )
    .execute(&mut *tx)
    .await?;
    let next = RunRow { state: RunState::Stuck, ..run.clone() };
    plan.ended(&next, &Ended::Stuck(why.to_owned()), &mut tx).await?;
    write_run(&mut tx, &next).await?;
    commit(tx, &next).await?;
    *run = next;
    Ok(())
}

/// Whether the intent of the step at the cursor was ever recorded: otherwise there is nothing to undo.
pub async fn was_intended(pool: &PgPool, run: &RunRow) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select intent_at is not null as "intended!" from step where run_id = $1 and position = $2"#,
        run.id.0,
        position(run)
    )
    .fetch_one(pool)
    .await?)
}
