use crate::{
    Error,
    context::{
        audit::{Action, Actor},
        outbox,
    },
    db::transition,
    workflows::{
        engine::{Outcome, RunRow, Step, StepCx, StepError},
        provisioning_context::{Hold, Tools},
        secrets::{self, Purpose},
    },
};
use async_trait::async_trait;
use innkeeper_domain::{
    email::EmailAddress,
    handoff::SEALED_FOR,
    ids::{AccountId, HandoffId},
    mail::Message,
    routes::Page,
    tenant::TenantRole,
    transition::Transition,
};
use serde_json::json;
use sqlx::PgConnection;
use std::sync::Arc;
use time::macros::format_description;

/// Addresses the sealed passwords to a person, tells them by mail, and makes the tenant active. All of it is rows,
/// committed with the record that this step is done: before that nothing was handed over, and there is nothing to undo.
pub struct HandOver {
    /// What it works with.
    pub tools: Arc<Tools>,
    /// Whether the tenant becomes active by it.
    pub first: bool,
}

#[async_trait]
impl Step<Hold> for HandOver {
    fn name(&self) -> &'static str {
        "hand_over"
    }

    async fn apply(&self, _cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        Ok(Outcome::Done("Available for 72 hours, an e-mail is on its way".into()))
    }

    async fn undo(&self, _cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        Ok(())
    }

    async fn record(&self, run: &RunRow, conn: &mut PgConnection) -> Result<(), Error> {
        let tenant = sqlx::query!("select name, requested_by from tenant where id = $1", run.tenant.0)
            .fetch_one(&mut *conn)
            .await?;
        let addressed_to = match run.input.get("addressed_to") {
            Some(id) => {
                serde_json::from_value::<AccountId>(id.clone()).map_err(|e| Error::corrupt("addressee", e))?
            }
            None => AccountId(tenant.requested_by),
        };
        if self.first {
            transition(&mut *conn, run.tenant, Transition::Ready).await?;
        }
        for role in TenantRole::ALL {
            secrets::destroy(conn, run.tenant, Purpose::FormerVerifier(*role)).await?;
        }
        let handoff: HandoffId = self.tools.ids.make();
        let row = sqlx::query!(
            "insert into handoff (id, organisation_id, tenant_id, state, addressed_to, sealed_until)
             values ($1, $2, $3, 'sealed', $4, now() + make_interval(hours => $5)) returning sealed_until",
            handoff.0,
            run.organisation.0,
            run.tenant.0,
            addressed_to.0,
            i32::try_from(SEALED_FOR.whole_hours()).unwrap_or(72)
        )
        .fetch_one(&mut *conn)
        .await?;
        let to = sqlx::query_scalar!("select email from account where id = $1", addressed_to.0)
            .fetch_one(&mut *conn)
            .await?;
        Actor::Run(run.id)
            .audit(Action::HandoffSeal)
            .subject(&tenant.name)
            .in_tenant((run.organisation, run.tenant))
            .detail(json!({ "handoff": handoff, "addressed_to": addressed_to }))
            .record(conn, &self.tools.ids)
            .await?;
        let until = row
            .sealed_until
            .format(format_description!("[day padding:none] [month repr:long], [hour]:[minute] UTC"))
            .map_err(|e| Error::corrupt("time", e))?;
        let message = Message::Ready {
            link: Page::Handoff((&tenant.name).into()).absolute(&self.tools.public_url),
            tenant: tenant.name,
            until,
        };
        let to = EmailAddress::parse(&to).map_err(|_| Error::corrupt("e-mail address of", addressed_to))?;
        outbox::queue(conn, &self.tools.ids, &*self.tools.sealer, &to, &message, 72).await?;
        Ok(())
    }
}
