use crate::workflows::{
    engine::{Outcome, Step, StepCx, StepError},
    provisioning_context::{Hold, Tools},
    tenant_record::Subject,
};
use async_trait::async_trait;
use innkeeper_domain::allowlist::Reach;
use std::sync::Arc;

/// Puts the tenant's lines into the server's rules, before any of its roles may sign in.
pub struct WriteAllowlist(pub Arc<Tools>);

#[async_trait]
impl Step<Hold> for WriteAllowlist {
    fn name(&self) -> &'static str {
        "write_allowlist"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let server = subject.server.ok_or_else(|| StepError::Fatal("No server was chosen.".into()))?;
        let mut tx = cx.run.begin(&self.0.pool).await?;
        sqlx::query!(
            "insert into hba_rule (tenant_id, organisation_id, server_id) values ($1, $2, $3) on conflict do nothing",
            subject.id.0,
            subject.organisation.0,
            server.0
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        self.0.rules.apply(server).await?;
        Ok(Outcome::Done(match &subject.reach {
            Reach::Anywhere => "All IP addresses, TLS only".into(),
            Reach::Only(ranges) if ranges.len() == 1 => "1 address or range, TLS only".into(),
            Reach::Only(ranges) => format!("{} addresses and ranges, TLS only", ranges.len()),
        }))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let subject = Subject::load(&self.0.pool, cx.run.tenant).await?;
        let Some(server) = subject.server else { return Ok(()) };
        let mut tx = cx.run.begin(&self.0.pool).await?;
        sqlx::query!("delete from hba_rule where tenant_id = $1", subject.id.0).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(self.0.rules.apply(server).await?)
    }
}
