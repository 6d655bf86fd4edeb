use crate::{
    fleet::{
        capacity::{self, Place},
        servers, warm_pool,
    },
    workflows::{
        engine::{Outcome, RunRow, Step, StepCx, StepError},
        provisioning_context::{Hold, Tools},
        tenant_record::Subject,
    },
};
use async_trait::async_trait;
use innkeeper_domain::{capacity::Claim, ids::ServerId, ports::ServerFacts};
use std::sync::Arc;

/// Looks whether the server on which a place was reserved when the tenant was accepted still has room by its own
/// account; if it has not, reserves a place on another one of the region. Claims a
/// database that stands ready there.
pub struct CheckCapacity(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CheckCapacity {
    fn name(&self) -> &'static str {
        "check_capacity"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let mut short = None;
        for place in self.candidates(&subject).await? {
            // Asked before the transaction: nothing outside happens inside one.
            let facts = match self.0.server(place.id) {
                Ok(server) => server.facts().await.map_err(StepError::from),
                Err(unknown) => Err(unknown),
            };
            let lacks = match facts {
                Ok(facts) => match self.reserve(cx.run, &subject, place.id, &facts).await? {
                    None => {
                        return Ok(Outcome::Done(format!(
                            "{}, PostgreSQL {}",
                            place.capacity.place, facts.major
                        )));
                    }
                    Some(lacks) => StepError::Fatal(lacks),
                },
                // Another server of the region may answer.
                Err(silent) => silent,
            };
            // A server that is silent just now may have room: that is no reason to give up.
            if short.is_none() || matches!(lacks, StepError::Retry(_)) {
                short = Some(lacks);
            }
        }
        Err(short.unwrap_or_else(|| {
            StepError::Fatal(format!(
                "There is no server in region {} any more. Ask support.",
                subject.region
            ))
        }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let mut tx = cx.run.begin(&self.0.pool).await?;
        capacity::release(&mut tx, cx.run.tenant).await?;
        warm_pool::give_up(&mut tx, cx.run.tenant).await?;
        Ok(tx.commit().await?)
    }
}

impl CheckCapacity {
    /// The servers of the region, the one with the reservation first.
    async fn candidates(&self, subject: &Subject) -> Result<Vec<Place>, StepError> {
        let mut conn = self.0.pool.acquire().await?;
        let mut places = capacity::places(&mut conn, Some(subject.id)).await?;
        places.retain(|place| place.region == subject.region);
        places.sort_by_key(|place| place.reserved == Claim::NONE);
        Ok(places)
    }

    /// Reserves a place by these facts, or says which figure is short. What was read is kept either way: whoever asks
    /// next is answered by it.
    async fn reserve(
        &self,
        run: &RunRow,
        subject: &Subject,
        id: ServerId,
        facts: &ServerFacts,
    ) -> Result<Option<String>, StepError> {
        let wants = Claim::of(&subject.limits);
        let mut tx = run.begin(&self.0.pool).await?;
        servers::note(&mut tx, id, facts).await?;
        let short = capacity::locked(&mut tx, id, subject.id).await?.short(Claim::NONE, wants);
        if short.is_none() {
            capacity::keep(&mut tx, (subject.organisation, subject.id), id, wants).await?;
            warm_pool::claim(&mut tx, id, subject.id, &facts.layout, &subject.extensions).await?;
        }
        tx.commit().await?;
        Ok(short.map(|short| short.to_string()))
    }
}

#[cfg(test)]
mod tests;
