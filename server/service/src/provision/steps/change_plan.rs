use crate::{
    Error,
    engine::{Outcome, RunRow, Step, StepCx, StepError},
    provision::{
        subject::{Subject, open},
        tools::{Hold, Tools},
    },
};
use async_trait::async_trait;
use innkeeper_domain::plan::Limits;
use std::sync::Arc;

/// Reserves what the new plan needs, or gives back what it does not.
pub struct ChangeReservation(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ChangeReservation {
    fn name(&self) -> &'static str {
        "change_reservation"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let wanted = wished_limits(&self.0, cx.run).await?.connections;
        let mut tx = cx.run.begin(&self.0.pool).await?;
        let server = sqlx::query!(
            r#"select region_label, connections::bigint * connection_overcommit as "promised!" from server
               where id = $1 for update"#,
            subject.server.map(|server| server.0),
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or_else(|| StepError::Fatal("The database is on no server.".into()))?;
        let others = sqlx::query_scalar!(
            r#"select coalesce(sum(connections), 0)::bigint as "others!" from reservation
               where server_id = $1 and tenant_id <> $2"#,
            subject.server.map(|server| server.0),
            subject.id.0,
        )
        .fetch_one(&mut *tx)
        .await?;
        if others + i64::from(wanted) > server.promised {
            return Err(StepError::Fatal(format!(
                "{} has too few connections left: this plan needs {wanted}, {} of {} are free. Ask support to add a \
                 server.",
                server.region_label,
                (server.promised - others).max(0),
                server.promised,
            )));
        }
        set_reservation(&mut tx, &subject, wanted).await?;
        tx.commit().await?;
        Ok(Outcome::Done(format!("{wanted} connections in {}", server.region_label)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let mut tx = cx.run.begin(&self.0.pool).await?;
        set_reservation(&mut tx, &subject, subject.limits.connections).await?;
        Ok(tx.commit().await?)
    }
}

async fn set_reservation(
    conn: &mut sqlx::PgConnection,
    subject: &Subject,
    connections: i32,
) -> sqlx::Result<()> {
    sqlx::query!("update reservation set connections = $2 where tenant_id = $1", subject.id.0, connections)
        .execute(conn)
        .await
        .map(drop)
}

/// Sets the limits of the new plan on database and roles. The plan itself changes with the end of the run.
pub struct ChangeLimits(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ChangeLimits {
    fn name(&self) -> &'static str {
        "change_limits"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let limits = wished_limits(&self.0, cx.run).await?;
        let (_, mut session) = open(&self.0, cx).await?;
        session.apply_limits(&limits).await?;
        cx.hold.keep(session);
        Ok(Outcome::Done(super::apply_limits::in_words(&limits)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let (subject, mut session) = open(&self.0, cx).await?;
        session.apply_limits(&subject.limits).await?;
        cx.hold.keep(session);
        Ok(())
    }
}

/// The limits of the plan that the run is for.
async fn wished_limits(tools: &Tools, run: &RunRow) -> Result<Limits, StepError> {
    let wish = PlanWish::of(&run.input)?;
    let limits = sqlx::query_scalar!(
        "select limits from plan where name = $1 and version = $2",
        wish.plan,
        wish.version
    )
    .fetch_one(&tools.pool)
    .await?;
    Ok(serde_json::from_value(limits).map_err(|what| Error::corrupt("limits of plan", what))?)
}

/// The plan a tenant is to have.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct PlanWish {
    /// Its name.
    pub plan: String,
    /// Its version.
    pub version: i32,
}

impl PlanWish {
    /// Reads what a run was started with.
    pub fn of(input: &serde_json::Value) -> Result<Self, Error> {
        serde_json::from_value(input.clone()).map_err(|what| Error::corrupt("wished plan", what))
    }
}
