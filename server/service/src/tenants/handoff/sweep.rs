use super::{about, destroy_copies, link};
use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        every::LastRuns,
        outbox::to_admins,
    },
    workflows,
};
use innkeeper_domain::{
    handoff::HandoffState,
    ids::{HandoffId, Ids, OrganisationId, TenantId},
    mail::Message,
    name::TenantName,
    ports::{Random, Sealer},
};
use sqlx::{PgConnection, PgPool};
use std::{sync::Arc, time::Duration};

/// Ends handoffs whose time is over. Any number of portals may run one: a handoff is ended once.
pub struct Sweep {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Draws support numbers.
    pub random: Arc<dyn Random>,
    /// Seals mails.
    pub sealer: Arc<dyn Sealer>,
    /// The portal's own address, without a slash at its end.
    pub public_url: String,
}

/// The pages look at the time themselves, so that this only decides how long sealed copies outlive it.
const EVERY: Duration = Duration::from_secs(5);
/// Handoffs in a round.
const MOST: i64 = 100;

struct Over {
    id: HandoffId,
    organisation: OrganisationId,
    tenant: TenantId,
    name: TenantName,
}

impl Sweep {
    /// Works until the process ends.
    pub async fn run(self, last: LastRuns) {
        let mut every = last.every("handoffs", EVERY);
        loop {
            every.next().await;
            every.ended(self.round().await);
        }
    }

    /// Ends what is over now, and says how many handoffs that were. One that cannot be ended does not hold up others.
    pub async fn round(&self) -> Result<usize> {
        // A tenant has one live run at a time, so a run under way ends before its passwords expire.
        let over = sqlx::query_scalar!(
            "select h.id from handoff h where (h.state = 'open' and h.open_until <= now())
               or (h.state = 'sealed' and h.sealed_until <= now() and not exists (select from live_run r
                     where r.tenant_id = h.tenant_id))
             order by h.created_at limit $1",
            MOST
        )
        .fetch_all(&self.pool)
        .await?;
        let mut ended = 0;
        for id in over {
            match self.end(HandoffId(id)).await {
                Ok(true) => ended += 1,
                Ok(false) => {}
                Err(error) => tracing::error!(handoff = %HandoffId(id), %error, "a handoff cannot be ended"),
            }
        }
        self.try_expiry_again().await?;
        Ok(ended)
    }

    /// Starts again, for a day, what should have taken passwords away and did not succeed: in 5 minutes the server may
    /// be back.
    async fn try_expiry_again(&self) -> Result<()> {
        let failed = sqlx::query_scalar!(
            "select tenant_id from run r where kind = 'expire_passwords' and state = 'failed'
               and finished_at between now() - interval '25 hours' and now() - interval '5 minutes'
               and not exists (select from run newer where newer.tenant_id = r.tenant_id and newer.created_at > r.created_at)
             order by tenant_id limit $1",
            MOST
        )
        .fetch_all(&self.pool)
        .await?;
        for tenant in failed {
            let mut tx = self.pool.begin().await?;
            // Another portal may be at it. What it did is seen by the next statement.
            sqlx::query_scalar!("select id from tenant where id = $1 for update", tenant)
                .fetch_optional(&mut *tx)
                .await?;
            // A newer handoff has passwords that are not to be taken away.
            let left = sqlx::query_scalar!(
                "select t.organisation_id from tenant t
                 join lateral (select state, closed_at from handoff where tenant_id = t.id order by created_at desc limit 1) h
                   on h.state = 'expired' and h.closed_at > now() - interval '1 day'
                 join lateral (select kind, state, finished_at from run where tenant_id = t.id order by created_at desc, id desc limit 1) r
                   on r.kind = 'expire_passwords' and r.state = 'failed' and r.finished_at < now() - interval '5 minutes'
                 where t.id = $1 and t.state = 'active'",
                tenant
            )
            .fetch_optional(&mut *tx)
            .await?;
            if let Some(organisation) = left {
                let whose = (OrganisationId(organisation), TenantId(tenant));
                workflows::start_expiry(&self.ids, &*self.random, &mut tx, whose.0, whose.1).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Ends one handoff; whether it still was to be ended.
    async fn end(&self, id: HandoffId) -> Result<bool> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select h.organisation_id, h.tenant_id, h.state, t.name from handoff h join tenant t on t.id = h.tenant_id
             where h.id = $1 and ((h.state = 'open' and h.open_until <= now())
               or (h.state = 'sealed' and h.sealed_until <= now())) for update of h skip locked",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(false) };
        let over = Over {
            id,
            organisation: OrganisationId(row.organisation_id),
            tenant: TenantId(row.tenant_id),
            name: TenantName::parse(&row.name).map_err(|_| Error::corrupt("tenant name", &row.name))?,
        };
        if row.state == HandoffState::Open.as_str() {
            self.close(&mut tx, &over, HandoffState::Lapsed, Action::HandoffLapse).await?;
        } else {
            self.close(&mut tx, &over, HandoffState::Expired, Action::HandoffExpire).await?;
            self.take_passwords_away(&mut tx, &over).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn take_passwords_away(&self, tx: &mut PgConnection, over: &Over) -> Result<()> {
        workflows::start_expiry(&self.ids, &*self.random, tx, over.organisation, over.tenant).await?;
        let message = Message::CredentialsExpired {
            tenant: over.name.to_string(),
            link: link(&self.public_url, &over.name),
        };
        to_admins(tx, &self.ids, &*self.sealer, over.organisation, &message).await
    }

    async fn close(
        &self,
        tx: &mut PgConnection,
        over: &Over,
        state: HandoffState,
        action: Action,
    ) -> Result<()> {
        sqlx::query!(
            "update handoff set state = $2, closed_at = now() where id = $1",
            over.id.0,
            state.as_str()
        )
        .execute(&mut *tx)
        .await?;
        destroy_copies(tx, over.tenant).await?;
        Ok(Actor::System
            .audit(action)
            .subject(over.name.as_str())
            .in_tenant((over.organisation, over.tenant))
            .detail(about(over.id))
            .record(tx, &self.ids)
            .await?)
    }
}
