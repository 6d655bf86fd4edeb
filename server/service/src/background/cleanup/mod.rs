//! Removes what is over: sessions, refused forms, lines nobody came for, rate windows, sign-ins by mail, old mails,
//! memberships of which nobody has said anything for long, counts of ended sessions.

mod lapsed;

pub use lapsed::end_lapsed;

use self::lapsed::BATCH;
use crate::{Result, context::every::LastRuns, people::session::rows};

use innkeeper_domain::ids::Ids;
use sqlx::PgPool;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(30);
/// Statements for a table in one round: what is left waits for the next one, so that no round is endless.
const BATCHES: u32 = 20;

/// Sweeps every 30 s until the process ends. `pool` connects as the worker role; any number of portals may sweep.
pub async fn run(pool: PgPool, ids: Ids, last: LastRuns) {
    let mut every = last.every("cleanup", PERIOD);
    loop {
        every.next().await;
        every.ended(round(&pool, &ids).await);
    }
}

async fn round(pool: &PgPool, ids: &Ids) -> Result<u64> {
    Ok(once(pool).await? + end_lapsed(pool, ids).await?)
}

/// Sweeps once; how many rows are gone.
pub async fn once(pool: &PgPool) -> sqlx::Result<u64> {
    let mut removed = 0;
    for table in [
        Table::Session,
        Table::Form,
        Table::Flash,
        Table::Rate,
        Table::Challenge,
        Table::Question,
        Table::PasskeyQuestion,
        Table::Press,
        Table::Mail,
        Table::Ended,
    ] {
        for _ in 0..BATCHES {
            let batch = table.sweep(pool).await?;
            removed += batch;
            if batch < BATCH.unsigned_abs() {
                break;
            }
        }
    }
    Ok(removed)
}

#[derive(Clone, Copy)]
enum Table {
    Session,
    Form,
    Flash,
    Rate,
    Challenge,
    Question,
    PasskeyQuestion,
    Press,
    Mail,
    Ended,
}

impl Table {
    /// Removes one batch. Each condition stands twice: a row that was renewed in between stays.
    async fn sweep(self, pool: &PgPool) -> sqlx::Result<u64> {
        let done = match self {
            Self::Session => {
                return rows::remove_expired(pool, BATCH).await;
            }
            Self::Form => {
                sqlx::query!(
                "delete from form_state where created_at < now() - interval '1 hour' and ctid = any (array(
                       select ctid from form_state where created_at < now() - interval '1 hour' limit $1))",
                BATCH
            )
                .execute(pool)
                .await?
            }
            Self::Flash => {
                sqlx::query!(
                "delete from flash where created_at < now() - interval '1 hour' and session_id = any (array(
                       select session_id from flash where created_at < now() - interval '1 hour' limit $1))",
                BATCH
            )
                .execute(pool)
                .await?
            }
            Self::Rate => {
                sqlx::query!(
                    "delete from rate_window where started_at < now() - interval '1 day' and key = any (array(
                       select key from rate_window where started_at < now() - interval '1 day' limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            // Kept for a day after its making: wrong codes are counted over a day.
            Self::Challenge => {
                sqlx::query!(
                    "delete from challenge where created_at < now() - interval '1 day' and id = any (array(
                       select id from challenge where created_at < now() - interval '1 day' limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            Self::Question => {
                sqlx::query!(
                    "delete from authorization_request where expires_at < now() and id = any (array(
                       select id from authorization_request where expires_at < now() limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            Self::PasskeyQuestion => {
                sqlx::query!(
                    "delete from passkey_question where expires_at < now() and ctid = any (array(
                       select ctid from passkey_question where expires_at < now() limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            Self::Press => {
                sqlx::query!(
                    "delete from sign_in_press where created_at < now() - interval '5 minutes' and request_hash = any (array(
                       select request_hash from sign_in_press where created_at < now() - interval '5 minutes' limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            Self::Mail => {
                sqlx::query!(
                    "delete from outbox where state <> 'waiting' and created_at < now() - interval '30 days'
                       and id = any (array(select id from outbox
                         where state <> 'waiting' and created_at < now() - interval '30 days' limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
            Self::Ended => {
                sqlx::query!(
                    "delete from ended_session where hour < now() - interval '30 days' and ctid = any (array(
                       select ctid from ended_session where hour < now() - interval '30 days' limit $1))",
                    BATCH
                )
                .execute(pool)
                .await?
            }
        };
        Ok(done.rows_affected())
    }
}
