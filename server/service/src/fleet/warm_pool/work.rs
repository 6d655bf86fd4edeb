//! What the keeper does on a server.

use super::keeper::{BUSY, Keeper, Missing};
use crate::{Error, Result};
use innkeeper_domain::{ids::ServerId, name::TenantName, ports::TenantServer, tenant::PerRole};
use std::time::Duration;

const SAY_AGAIN: Duration = Duration::from_secs(2);
/// When the removing of a slot is tried again after it failed. The others go first.
const LATER: Duration = Duration::from_mins(1);
/// Longest work on one slot. Removing waits for a checkpoint of the server.
const WORK: Duration = Duration::from_mins(4);

impl Keeper {
    /// Makes a slot; what a failure leaves is trash.
    pub(super) async fn make(&self, server: &dyn TenantServer, slot: &Missing) -> Result<()> {
        let made = self.busy(slot.id, self.try_make(server, slot)).await;
        if made.is_err() {
            sqlx::query!(
                "update slot set state = 'trash', busy_until = null where id = $1 and state = 'making'",
                slot.id
            )
            .execute(&self.pool)
            .await?;
        }
        made
    }

    async fn try_make(&self, server: &dyn TenantServer, slot: &Missing) -> Result<()> {
        let mut session = server.lock(&slot.name).await?;
        // Whoever declares it trash from now on waits for our lock before removing anything.
        let ours = sqlx::query_scalar!(
            r#"select exists (select from slot where id = $1 and state = 'making' and busy_until > now()) as "ours!""#,
            slot.id
        );
        if !ours.fetch_one(&self.pool).await? {
            return Ok(());
        }
        session.create_roles(&PerRole::default()).await?;
        session.create_database().await?;
        session.apply_template().await?;
        session.install_extensions(&slot.extensions).await?;
        session.set_closed(true).await?;
        sqlx::query!(
            "update slot set state = 'ready', busy_until = null, made_at = now() where id = $1 and state = 'making'",
            slot.id
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Removes what is left of one trashed slot, then its row; whether there was one.
    pub(super) async fn remove(&self, id: ServerId, server: &dyn TenantServer) -> Result<bool> {
        let slot = sqlx::query!(
            "update slot set busy_until = now() + make_interval(secs => $2) where id = (
                select id from slot where server_id = $1 and state = 'trash' and (busy_until is null or busy_until < now())
                order by busy_until nulls first, made_at limit 1 for update skip locked)
             returning id, name",
            id.0,
            BUSY.as_secs_f64(),
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(slot) = slot else { return Ok(false) };
        let name = TenantName::parse(&slot.name).map_err(|_| Error::corrupt("slot", slot.name))?;
        if let Err(error) = self.busy(slot.id, try_remove(server, &name)).await {
            tracing::warn!(slot = %name, %error, "what is left of it cannot be removed; trying again in {} s", LATER.as_secs());
            sqlx::query!(
                "update slot set busy_until = now() + make_interval(secs => $2) where id = $1 and state = 'trash'",
                slot.id,
                LATER.as_secs_f64(),
            )
            .execute(&self.pool)
            .await?;
            return Ok(true);
        }
        sqlx::query!("delete from slot where id = $1 and state = 'trash'", slot.id)
            .execute(&self.pool)
            .await?;
        Ok(true)
    }

    /// Does work on a slot within its time, and says meanwhile that somebody is at it.
    async fn busy(&self, slot: uuid::Uuid, work: impl Future<Output = Result<()>>) -> Result<()> {
        let saying = async {
            let mut tick = tokio::time::interval(SAY_AGAIN);
            loop {
                tick.tick().await;
                let said = sqlx::query!(
                    "update slot set busy_until = now() + make_interval(secs => $2)
                     where id = $1 and state in ('making', 'trash') and busy_until > now()",
                    slot,
                    BUSY.as_secs_f64(),
                );
                if let Err(error) = said.execute(&self.pool).await {
                    tracing::debug!(%error, "cannot say that a slot is worked on");
                }
            }
        };
        tokio::select! {
            done = tokio::time::timeout(WORK, work) => {
                done.unwrap_or_else(|_| Err(Error::Step(format!("not done within {} s", WORK.as_secs()))))
            }
            () = saying => Ok(()),
        }
    }
}

async fn try_remove(server: &dyn TenantServer, name: &TenantName) -> Result<()> {
    let mut session = server.lock(name).await?;
    session.drop_database().await?;
    session.drop_roles().await?;
    Ok(())
}
