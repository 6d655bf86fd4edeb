use crate::{Result, db::run_events};
use innkeeper_domain::{
    ids::{Ids, OrganisationId, RunId, TenantId},
    ports::Random,
    run::RunKind,
    support::SupportNumber,
};
use serde_json::Value;
use sqlx::PgConnection;

/// A run to be started.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// What for.
    pub kind: RunKind,
    /// Whose.
    pub organisation: OrganisationId,
    /// About which tenant. Kinds of run that exclude each other are not live at the same time: trigger `exclude_runs`.
    pub tenant: TenantId,
    /// What its steps need to know; never a secret.
    pub input: Value,
    /// Until when it must have ended, in minutes from now; then it is undone.
    pub deadline_minutes: i32,
}

/// Starts a run in the caller's transaction: a worker takes it when that commits. `names` are its steps.
pub async fn start(
    conn: &mut PgConnection,
    ids: &Ids,
    random: &dyn Random,
    new: &NewRun,
    names: &[&str],
) -> Result<(RunId, SupportNumber)> {
    let (id, number): (RunId, _) = (ids.make(), SupportNumber::for_run(random));
    sqlx::query!(
        "insert into run (id, organisation_id, tenant_id, kind, support_number, input, deadline_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(mins => $7))",
        id.0,
        new.organisation.0,
        new.tenant.0,
        new.kind.as_str(),
        number.as_str(),
        new.input,
        new.deadline_minutes,
    )
    .execute(&mut *conn)
    .await?;
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    sqlx::query!(
        "insert into step (run_id, organisation_id, position, name)
         select $1, $2, (at - 1)::integer, name from unnest($3::text[]) with ordinality as given (name, at)",
        id.0,
        new.organisation.0,
        &names,
    )
    .execute(&mut *conn)
    .await?;
    run_events::notify(conn, run_events::Change::Due(id)).await?;
    Ok((id, number))
}
