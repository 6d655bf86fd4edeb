//! What a person can do to a run from outside. In the caller's transaction; whoever holds the run has lost it then.

use crate::{Result, db::run_events};
use innkeeper_domain::ids::RunId;
use sqlx::PgConnection;

/// Lets a stuck run go on where it stopped, for so many minutes: the step is tried again, or its undoing. Whether the
/// run was stuck.
pub async fn go_on(conn: &mut PgConnection, run: RunId, minutes: i32) -> Result<bool> {
    let stuck = sqlx::query!(
        "update run r set state = case when s.state = 'undoing' then 'unwinding' else 'running' end, attempts = 0,
           failure = case when s.state = 'undoing' then r.failure end, schedule_at = now(), finished_at = null,
           deadline_at = now() + make_interval(mins => $2)
         from step s where r.id = $1 and r.state = 'stuck' and s.run_id = r.id and s.position = r.cursor",
        run.0,
        minutes,
    )
    .execute(&mut *conn)
    .await?;
    run_events::notify(conn, run_events::Change::Due(run)).await?;
    Ok(stuck.rows_affected() == 1)
}

/// Undoes a run that goes forward or is stuck at a step: from the step at which it is. Whether it did go forward.
pub async fn turn_back(conn: &mut PgConnection, run: RunId, why: &str) -> Result<bool> {
    let turned = sqlx::query!(
        "update run r set state = 'unwinding', attempts = 0, failure = $2, schedule_at = now(), finished_at = null,
           lease_token = nextval('lease_token'), lease_until = null
         from step s where r.id = $1 and s.run_id = r.id and s.position = r.cursor
           and (r.state = 'running' or (r.state = 'stuck' and s.state <> 'undoing'))",
        run.0,
        why,
    )
    .execute(&mut *conn)
    .await?;
    run_events::notify(conn, run_events::Change::Due(run)).await?;
    Ok(turned.rows_affected() == 1)
}
