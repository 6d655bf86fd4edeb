//! The same press, sent more than once.
//!
//! A browser that is told to send a form twice gives the first answer up, and with it the new cookie, or takes it: both
//! happen. So whoever sends the very same request with the very same cookie within a minute gets a cookie of their own
//! for the session that came of it. They hold all that the first one held (the cookie of the browser that asked, the
//! token of its form, and the secret of the mail or the provider's word), so could have come in themselves. Nobody else
//! gets anything: the hash of the request is of no use without them.

use crate::{Result, Service};
use innkeeper_domain::ids::SessionId;

/// How often the same press gets a cookie of its own.
const MOST_REPEATED: i16 = 100;

/// A request, and the row of the cookie with which it came, as hashes.
#[derive(Debug, Clone)]
pub struct Press {
    /// Of all that was asked.
    pub request: [u8; 32],
    /// Of the cookie.
    pub cookie: [u8; 32],
}

/// What became of a press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    /// It is being looked at.
    UnderWay,
    /// It signed the browser in.
    CameIn {
        /// The stable id of its session.
        session: SessionId,
        /// Where it led to.
        path: String,
    },
}

/// What became of the same request, and whether it came with the same cookie.
pub async fn look(service: &Service, press: &Press) -> Result<Option<(Pressed, bool)>> {
    let row = sqlx::query!(
        r#"select cookie_hash = $2 as "same!", session_id, path from sign_in_press
           where request_hash = $1 and (came_in_at > now() - interval '60 seconds'
             or came_in_at is null and created_at > now() - interval '20 seconds')"#,
        &press.request[..],
        &press.cookie[..],
    )
    .fetch_optional(&service.pool)
    .await?;
    Ok(row.map(|row| {
        let pressed = match row.session_id.zip(row.path) {
            Some((session, path)) => Pressed::CameIn { session: SessionId(session), path },
            None => Pressed::UnderWay,
        };
        (pressed, row.same)
    }))
}

/// Notes that a press is being looked at; whether it is the first, of those at once.
pub async fn claim(service: &Service, press: &Press) -> Result<bool> {
    // What a portal left that died, or is older than a minute, is nobody's any more.
    let claimed = sqlx::query!(
        "insert into sign_in_press as p (request_hash, cookie_hash) values ($1, $2)
         on conflict (request_hash) do update set cookie_hash = excluded.cookie_hash, created_at = now(), came_in_at = null,
           session_id = null, account_id = null, path = null
         where p.created_at <= now() - interval '20 seconds'
           and (p.came_in_at is null or p.came_in_at <= now() - interval '60 seconds')",
        &press.request[..],
        &press.cookie[..],
    )
    .execute(&service.pool)
    .await?;
    Ok(claimed.rows_affected() == 1)
}

/// Notes where a press led to, if it signed the browser in with this new cookie; else forgets it.
pub async fn finish(service: &Service, press: &Press, new_id_hash: Option<&[u8]>, path: &str) -> Result<()> {
    if let Some(new_id_hash) = new_id_hash {
        let came_in = sqlx::query!(
            "update sign_in_press p set came_in_at = now(), session_id = s.id, account_id = s.account_id, path = $3
             from session s where p.request_hash = $1 and p.cookie_hash = $4 and p.came_in_at is null
               and s.id_hash = $2 and s.account_id is not null",
            &press.request[..],
            new_id_hash,
            path,
            &press.cookie[..],
        );
        if came_in.execute(&service.pool).await?.rows_affected() == 1 {
            return Ok(());
        }
        // Refused after its cookie was renewed, while another request has come in by the session that it began with.
        sqlx::query!(
            "delete from session n using session o
             where n.id_hash = $1 and n.account_id is null and o.id = n.id and o.account_id is not null",
            new_id_hash
        )
        .execute(&service.pool)
        .await?;
    }
    sqlx::query!(
        "delete from sign_in_press where request_hash = $1 and cookie_hash = $2 and came_in_at is null",
        &press.request[..],
        &press.cookie[..],
    )
    .execute(&service.pool)
    .await?;
    Ok(())
}

/// Makes the new cookie's row one more of the session to which the same press led, as long as that lives and has not too
/// many already; whether it did.
pub async fn again(service: &Service, press: &Press, new_id_hash: &[u8]) -> Result<bool> {
    let mut tx = service.pool.begin().await?;
    let counted = sqlx::query!(
        "update sign_in_press set repeated = repeated + 1
         where request_hash = $1 and cookie_hash = $2 and repeated < $3",
        &press.request[..],
        &press.cookie[..],
        MOST_REPEATED,
    );
    if counted.execute(&mut *tx).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let given = sqlx::query!(
        "update session n set account_id = o.account_id, provider = o.provider, identity_id = o.identity_id,
           provider_session = o.provider_session, created_at = o.created_at, authenticated_at = o.authenticated_at,
           last_seen_at = o.last_seen_at, expires_at = o.expires_at, address = o.address, agent = o.agent
         from sign_in_press p join session o on o.id = p.session_id and o.account_id = p.account_id
         where p.request_hash = $1 and p.cookie_hash = $2 and p.came_in_at > now() - interval '60 seconds'
           and o.expires_at > now() and n.id_hash = $3 and n.id = p.session_id and n.account_id is null",
        &press.request[..],
        &press.cookie[..],
        new_id_hash,
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(given.rows_affected() == 1)
}

/// Whether this cookie has just been given up for a new one: answers that are on their way may still take that away.
pub async fn is_given_up(service: &Service, cookie: &[u8]) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists (select from sign_in_press where cookie_hash = $1
             and coalesce(came_in_at > now() - interval '10 seconds', created_at > now() - interval '20 seconds'))
           as "given_up!""#,
        cookie
    )
    .fetch_one(&service.pool)
    .await?)
}
