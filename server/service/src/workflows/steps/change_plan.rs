use crate::{
    Error,
    fleet::capacity,
    workflows::{
        engine::{Outcome, RunRow, Step, StepCx, StepError},
        provisioning_context::{Hold, Tools},
        tenant_record::{Subject, open},
    },
};
use async_trait::async_trait;
use innkeeper_domain::{capacity::Claim, plan::Limits};
use std::sync::Arc;

/// Looks whether the server still has room for the new plan. What both plans need is reserved from the moment the
/// change is accepted until its end, so that there is a way back.
pub struct ChangeReservation(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for ChangeReservation {
    fn name(&self) -> &'static str {
        "change_reservation"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let wished = wished_limits(&self.0, cx.run).await?;
        let server =
            subject.server.ok_or_else(|| StepError::Fatal("The database is on no server.".into()))?;
        let mut tx = cx.run.begin(&self.0.pool).await?;
        let place = capacity::locked(&mut tx, server, subject.id).await?;
        let (has, wants) = (Claim::of(&subject.limits), Claim::of(&wished));
        if let Some(short) = place.short(has, wants) {
            return Err(StepError::Fatal(short.to_string()));
        }
        capacity::keep(&mut tx, (subject.organisation, subject.id), server, has.larger(wants)).await?;
        tx.commit().await?;
        Ok(Outcome::Done(format!("{} connections in {}", wished.connections, place.capacity.place)))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let Some(server) = subject.server else { return Ok(()) };
        let mut tx = cx.run.begin(&self.0.pool).await?;
        let has = Claim::of(&subject.limits);
        capacity::keep(&mut tx, (subject.organisation, subject.id), server, has).await?;
        Ok(tx.commit().await?)
    }
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
