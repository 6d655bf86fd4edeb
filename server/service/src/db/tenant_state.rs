//! The state of a tenant: the one place that writes it once the tenant is there.

use innkeeper_domain::{
    ids::TenantId,
    transition::{Target, Transition},
};
use sqlx::PgConnection;

/// Takes a tenant from one state to another; whether it was in one in which that can happen. Else nothing is changed.
pub async fn transition(
    conn: &mut PgConnection,
    tenant: TenantId,
    transition: Transition,
) -> sqlx::Result<bool> {
    let (to, remember) = match transition.to() {
        Target::State(state) => (Some(state.as_str()), false),
        Target::Remembering(state) => (Some(state.as_str()), true),
        Target::Remembered => (None, false),
    };
    let from: Vec<_> = transition.from().iter().map(|state| state.as_str().to_owned()).collect();
    let changed = sqlx::query!(
        "update tenant set state = coalesce($2, state_before, state), removal_at = null,
           state_before = case when $3 then coalesce(state_before, state) end,
           ready_at = case when $4 then now() else ready_at end
         where id = $1 and state = any ($5)",
        tenant.0,
        to,
        remember,
        transition == Transition::Ready,
        &from,
    )
    .execute(conn)
    .await?;
    let done = changed.rows_affected() == 1;
    if !done {
        tracing::warn!(%tenant, ?transition, "a tenant is in no state in which this can happen");
    }
    Ok(done)
}
