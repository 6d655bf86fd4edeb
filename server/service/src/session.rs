//! Browser sessions: rows of the control database. How long they live is decided here, by the database's clock.
//!
//! Before sign-in a session lives for an hour since its last use; signed in for 12 hours since its last use and for
//! 30 days in all (OWASP ASVS 5.0.0, 7.3.1 and 7.3.2). Signing out ends it at once.

pub mod rows;
#[cfg(test)]
mod tests;

use crate::{
    Error, Result, Service,
    audit::{self, Entry},
    visitor::{SignedIn, Visitor},
};
use innkeeper_domain::{
    email::EmailAddress,
    handoff::FRESH_FOR,
    ids::{AccountId, SessionId},
};
use serde_json::json;
use std::net::IpAddr;

/// Who asks, by the stable id of the browser's session. A session that is over is none.
///
/// Seeing the visitor keeps the session alive; that is written down once a minute at most.
pub async fn visitor(service: &Service, session: Option<SessionId>, address: IpAddr) -> Result<Visitor> {
    let nobody = Visitor { session: None, address, account: None };
    let Some(id) = session else { return Ok(nobody) };
    let row = sqlx::query!(
        r#"with found as (
             select s.id_hash, s.last_seen_at, s.account_id, a.email,
               coalesce(s.authenticated_at > now() - make_interval(secs => $2), false) as fresh
             from session s left join account a on a.id = s.account_id
             where s.id = $1 and s.expires_at > now()
             order by s.created_at desc limit 1),
           seen as (
             update session s set last_seen_at = now(), address = $3, expires_at =
               case when s.account_id is null then now() + interval '1 hour'
                 else least(now() + interval '12 hours', s.created_at + interval '30 days') end
             from found where s.id_hash = found.id_hash and found.last_seen_at < now() - interval '1 minute')
           select account_id, email as "email?", fresh as "fresh!" from found"#,
        id.0,
        FRESH_FOR.as_seconds_f64(),
        ipnet::IpNet::from(address),
    )
    .fetch_optional(&service.pool)
    .await?;
    let Some(row) = row else { return Ok(nobody) };
    let account = match row.account_id.zip(row.email) {
        None => None,
        Some((account, email)) => Some(SignedIn {
            id: AccountId(account),
            email: EmailAddress::parse(&email).map_err(|_| Error::corrupt("address of account", account))?,
            fresh: row.fresh,
        }),
    };
    Ok(Visitor { session: Some(id), address, account })
}

/// Ends the visitor's session, with all it carried. Signing out twice is success.
pub async fn sign_out(service: &Service, visitor: &Visitor) -> Result<()> {
    let Some(session) = visitor.session else { return Ok(()) };
    let mut tx = service.pool.begin().await?;
    let ended =
        sqlx::query!("delete from session where id = $1", session.0).execute(&mut *tx).await?.rows_affected();
    forget_carried(&mut tx, session).await?;
    if ended > 0 && visitor.account.is_some() {
        let entry = Entry {
            actor: visitor.actor(),
            address: Some(visitor.address),
            action: "session.sign_out",
            subject: &session.to_string(),
            organisation: None,
            tenant: None,
            detail: json!({}),
        };
        audit::record(&mut tx, &service.ids, entry).await?;
    }
    Ok(tx.commit().await?)
}

/// Removes what a session carries besides itself: refused forms and lines to say.
pub(crate) async fn forget_carried(conn: &mut sqlx::PgConnection, session: SessionId) -> Result<()> {
    sqlx::query!("delete from form_state where session_id = $1", session.0).execute(&mut *conn).await?;
    sqlx::query!("delete from flash where session_id = $1", session.0).execute(conn).await?;
    Ok(())
}

/// Keeps one line to say on the next page, in place of an earlier one.
pub async fn flash(service: &Service, session: SessionId, text: &str) -> Result<()> {
    sqlx::query!(
        "insert into flash (session_id, text) values ($1, $2)
         on conflict (session_id) do update set text = excluded.text, created_at = now()",
        session.0,
        text
    )
    .execute(&service.pool)
    .await?;
    Ok(())
}

/// The line to say now, once; none when it is older than an hour.
pub async fn take_flash(service: &Service, session: SessionId) -> Result<Option<String>> {
    let row = sqlx::query!(
        r#"delete from flash where session_id = $1 returning text, created_at > now() - interval '1 hour' as "current!""#,
        session.0
    )
    .fetch_optional(&service.pool)
    .await?;
    Ok(row.filter(|row| row.current).map(|row| row.text))
}
