use crate::{
    engine::{Outcome, RunRow, Step, StepCx, StepError},
    provision::{
        subject::Subject,
        tools::{Hold, Tools},
    },
    slots,
};
use async_trait::async_trait;
use innkeeper_domain::{ids::ServerId, ports::ServerFacts};
use std::sync::Arc;

/// Chooses a server with room and reserves it: connections, a place for a database, and one that stands ready if there is.
pub struct CheckCapacity(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for CheckCapacity {
    fn name(&self) -> &'static str {
        "check_capacity"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let candidates = sqlx::query!(
            "select id from server where region = $1 and not draining order by name",
            subject.region
        )
        .fetch_all(&self.0.pool)
        .await?;
        if candidates.is_empty() {
            return Err(StepError::Fatal(format!(
                "No server of region {} takes new databases at the moment.",
                subject.region
            )));
        }
        let mut short = StepError::Fatal(String::new());
        for candidate in candidates {
            let id = ServerId(candidate.id);
            // Asked before the transaction: nothing outside happens inside one.
            let facts = match self.0.server(id) {
                Ok(server) => server.facts().await.map_err(StepError::from),
                Err(unknown) => Err(unknown),
            };
            let facts = match facts {
                Ok(facts) => facts,
                // Another server of the region may answer.
                Err(silent) => {
                    short = silent;
                    continue;
                }
            };
            match self.reserve(cx.run, &subject, id, &facts).await? {
                Ok(name) => return Ok(Outcome::Done(format!("{name}, PostgreSQL {}", facts.major))),
                Err(what) => short = StepError::Fatal(what),
            }
        }
        Err(short)
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let mut tx = cx.run.begin(&self.0.pool).await?;
        sqlx::query!("delete from reservation where tenant_id = $1", cx.run.tenant.0)
            .execute(&mut *tx)
            .await?;
        sqlx::query!("update tenant set server_id = null where id = $1", cx.run.tenant.0)
            .execute(&mut *tx)
            .await?;
        slots::give_up(&mut tx, cx.run.tenant).await?;
        Ok(tx.commit().await?)
    }
}

impl CheckCapacity {
    /// Reserves a place, or says which figure is short. The server's row serialises those who ask at once.
    async fn reserve(
        &self,
        run: &RunRow,
        subject: &Subject,
        id: ServerId,
        facts: &ServerFacts,
    ) -> Result<Result<String, String>, StepError> {
        let wanted = subject.limits.connections;
        let mut tx = run.begin(&self.0.pool).await?;
        let server = sqlx::query!(
            "select name, region_label, max_tenants, connection_overcommit, used_bytes, max_gb from server where id = $1 for update",
            id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let taken = sqlx::query!(
            r#"select count(*) as "tenants!", coalesce(sum(connections), 0)::bigint as "connections!",
                 coalesce(bool_or(tenant_id = $2), false) as "ours!"
               from reservation where server_id = $1"#,
            id.0,
            subject.id.0
        )
        .fetch_one(&mut *tx)
        .await?;
        let promised = i64::from(facts.connections) * i64::from(server.connection_overcommit);
        if !taken.ours {
            let place = &server.region_label;
            if taken.tenants >= i64::from(server.max_tenants) {
                return Ok(Err(format!(
                    "{place} has no room for another database: {} of {} databases are taken. Choose another region, \
                     or ask support to add a server.",
                    taken.tenants, server.max_tenants
                )));
            }
            let used_gb = server.used_bytes / 1_000_000_000;
            if server.max_gb.is_some_and(|most| used_gb >= i64::from(most)) {
                return Ok(Err(format!(
                    "{place} has no disk space for another database: {used_gb} of {} GB are used. Choose another region, \
                     or ask support to add a server.",
                    server.max_gb.unwrap_or_default()
                )));
            }
            if taken.connections + i64::from(wanted) > promised {
                return Ok(Err(format!(
                    "{place} has too few connections left: this plan needs {wanted}, {} of {promised} are free. Choose a \
                     smaller plan or another region, or ask support to add a server.",
                    promised - taken.connections
                )));
            }
            sqlx::query!(
                "insert into reservation (tenant_id, organisation_id, server_id, connections) values ($1, $2, $3, $4)",
                subject.id.0,
                subject.organisation.0,
                id.0,
                wanted
            )
            .execute(&mut *tx)
            .await?;
        }
        sqlx::query!(
            "update server set connections = $2, major = $3, checked_at = now() where id = $1",
            id.0,
            facts.connections,
            i32::try_from(facts.major).unwrap_or_default()
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!("update tenant set server_id = $2 where id = $1", subject.id.0, id.0)
            .execute(&mut *tx)
            .await?;
        slots::claim(&mut tx, id, subject.id, &facts.layout, &subject.extensions).await?;
        tx.commit().await?;
        Ok(Ok(server.region_label))
    }
}
