//! Taking a run, keeping it, giving it back.

use super::step::RunRow;
use crate::{Error, Result};
use innkeeper_domain::{
    ids::{OrganisationId, RunId, TenantId},
    run::{RunKind, RunState},
    support::SupportNumber,
};
use sqlx::PgPool;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior};

/// Takes the run that is due longest, for the length of a lease. The new token fences off an earlier holder.
pub async fn claim(pool: &PgPool, lease: Duration) -> Result<Option<RunRow>> {
    let row = sqlx::query!(
        r#"update run set lease_until = now() + make_interval(secs => $1), lease_token = nextval('lease_token')
           where id = (select id from run where state in ('running', 'unwinding') and schedule_at <= now()
                         and (lease_until is null or lease_until < now())
                       order by schedule_at, id for update skip locked limit 1)
           returning id, organisation_id, tenant_id, kind, support_number, state, cursor, attempts, input, failure,
             lease_token as "token!", extract(epoch from deadline_at - now())::float8 as "seconds_left!""#,
        lease.as_secs_f64()
    )
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(RunRow {
        id: RunId(row.id),
        organisation: OrganisationId(row.organisation_id),
        tenant: TenantId(row.tenant_id),
        kind: RunKind::parse(&row.kind).ok_or_else(|| Error::corrupt("run kind", row.kind))?,
        support_number: SupportNumber::stored(row.support_number),
        state: RunState::parse(&row.state).ok_or_else(|| Error::corrupt("run state", row.state))?,
        cursor: usize::try_from(row.cursor).map_err(|_| Error::corrupt("cursor", row.cursor))?,
        attempts: row.attempts,
        input: row.input,
        token: row.token,
        seconds_left: row.seconds_left,
        failure: row.failure,
    }))
}

/// Keeps a lease alive until it is lost or the future is dropped. Returns when it is lost.
pub async fn keep(pool: &PgPool, run: RunId, token: i64, lease: Duration) {
    let mut last = Instant::now();
    let mut tick = tokio::time::interval_at(last + lease / 4, lease / 4);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let kept = sqlx::query!(
            "update run set lease_until = now() + make_interval(secs => $3) where id = $1 and lease_token = $2 and lease_until > now()",
            run.0,
            token,
            lease.as_secs_f64()
        )
        .execute(pool);
        // Over a connection whose other end is gone no answer comes.
        match tokio::time::timeout(lease / 2, kept).await {
            Ok(Ok(done)) if done.rows_affected() == 1 => last = Instant::now(),
            // The database may be back before the lease is over.
            Ok(Err(_)) | Err(_) if last.elapsed() < lease => {}
            Ok(_) | Err(_) => return,
        }
    }
}
