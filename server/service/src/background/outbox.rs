//! Sending the mails that wait in the outbox.

use crate::{
    Error, Result,
    context::outbox::seal_context,
    db::run_events::{Change, Changes},
};
use innkeeper_domain::{
    email::EmailAddress,
    ids::MailId,
    mail::{Message, OutgoingMail},
    ports::{MailError, Mailer, Sealed, Sealer},
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::sync::broadcast::error::RecvError;

/// Sends what waits in the outbox. Any number of portals may run one: a row is taken by one at a time.
pub struct MailWorker {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Opens the sealed messages.
    pub sealer: Arc<dyn Sealer>,
    /// Sends them.
    pub mailer: Arc<dyn Mailer>,
    /// Wakes the worker.
    pub changes: Changes,
}

/// A mail taken by this worker for [`CLAIM`] seconds.
struct Claimed {
    id: MailId,
    attempts: i32,
    /// Or why it cannot be read.
    mail: Result<OutgoingMail>,
}

/// How long a taken mail is left to its worker; longer than any mailer's own deadline.
const CLAIM: f64 = 60.0;
const POLL: Duration = Duration::from_secs(5);

impl MailWorker {
    /// Works until the process ends.
    pub async fn run(self) {
        let mut changes = self.changes.subscribe();
        loop {
            loop {
                match self.send_one().await {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(error) => {
                        tracing::error!(%error, "the outbox cannot be worked on; trying again in 5 s");
                        break;
                    }
                }
            }
            let woken = async {
                loop {
                    match changes.recv().await {
                        Ok(Change::Mail | Change::Anything) | Err(RecvError::Lagged(_)) => return,
                        Ok(Change::Due(_) | Change::Run(_)) => {}
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            };
            let _ = tokio::time::timeout(POLL, woken).await;
        }
    }

    /// Sends one due mail; whether there was one.
    async fn send_one(&self) -> Result<bool> {
        let Some(claimed) = self.claim().await? else { return Ok(false) };
        let sending = match &claimed.mail {
            Ok(mail) => self.mailer.send(mail).await,
            // A key that is missing may be put back: the mail waits for it until its time is over.
            Err(error) => Err(MailError::Later(error.to_string())),
        };
        match sending {
            Ok(()) => self.sent(claimed.id).await?,
            Err(error) => {
                tracing::warn!(mail = %claimed.id, %error, "mail not sent");
                self.failed(&claimed, &error).await?;
            }
        }
        Ok(true)
    }

    async fn claim(&self) -> Result<Option<Claimed>> {
        let row = sqlx::query!(
            "update outbox set attempts = attempts + 1, next_try_at = now() + make_interval(secs => $1)
             where id = (select id from outbox where state = 'waiting' and next_try_at <= now()
                         order by next_try_at for update skip locked limit 1)
             returning id, message_id, recipient, key_id, sealed, attempts",
            CLAIM
        )
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = MailId(row.id);
        let mail = self.open(id, row.key_id.zip(row.sealed), row.message_id, &row.recipient);
        Ok(Some(Claimed { id, attempts: row.attempts, mail }))
    }

    fn open(
        &self,
        id: MailId,
        sealed: Option<(String, Vec<u8>)>,
        message_id: String,
        to: &str,
    ) -> Result<OutgoingMail> {
        let (key_id, bytes) = sealed.ok_or_else(|| Error::corrupt("mail without content", id))?;
        let plain = self.sealer.open(&Sealed { key_id, bytes }, &seal_context(id))?;
        let message: Message = serde_json::from_slice(&plain).map_err(|_| Error::corrupt("mail", id))?;
        let to = EmailAddress::parse(to).map_err(|_| Error::corrupt("recipient of", id))?;
        Ok(OutgoingMail { message_id, to, message })
    }

    async fn sent(&self, id: MailId) -> Result<()> {
        sqlx::query!(
            "update outbox set state = 'sent', sent_at = now(), sealed = null, key_id = null, error = null where id = $1",
            id.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Waits twice as long after each try, an hour at most; gives up at the mail's own time or on a refusal.
    async fn failed(&self, claimed: &Claimed, error: &MailError) -> Result<()> {
        let wait = f64::from(2_i32.saturating_pow(claimed.attempts.clamp(1, 12).unsigned_abs())).min(3600.0);
        sqlx::query!(
            "update outbox set error = $2, next_try_at = now() + make_interval(secs => $3),
                state = case when $4 or now() > give_up_at then 'failed' else 'waiting' end,
                sealed = case when $4 or now() > give_up_at then null else sealed end
             where id = $1",
            claimed.id.0,
            error.to_string(),
            wait,
            matches!(error, MailError::Refused(_)),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
