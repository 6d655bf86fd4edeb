//! Browser sessions: rows of the control database. How long they live is decided here, by the database's clock.
//!
//! Before sign-in a session lives for an hour since its last use; signed in for 12 hours since its last use and for
//! 30 days in all; as one of the staff for an hour since its last use and for 24 hours in all (OWASP ASVS 5.0.0, 7.3.1
//! and 7.3.2). Signing out ends it at once.

mod end;
pub mod press;
pub mod rows;
#[cfg(test)]
mod tests;

pub(crate) use end::{Ending, end};

use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        requester::{Requester, SignedIn},
    },
    db::as_account,
    people::{
        return_to::ReturnTo,
        staff_roles::{self, StaffWays},
    },
};
use innkeeper_domain::{
    email::EmailAddress,
    handoff::FRESH_FOR,
    ids::{AccountId, IdentityId, SessionId},
    permission::Permission,
    routes::Page,
};
use sqlx::{PgConnection, PgExecutor};
use std::net::IpAddr;
use time::OffsetDateTime;
use uuid::Uuid;

/// Who asks, by the stable id of the browser's session and the hash of its cookie (see [`rows::id_hash`]). A session that
/// is over is none. The id alone says nobody: another cookie may be one of the same session, and not have come in.
///
/// Here and nowhere else it is decided who is staff: by each request anew, so that whatever takes it away holds with the
/// next one. Seeing the requester keeps the session alive; that is written down once a minute at most.
pub async fn requester(
    service: &Service,
    session: Option<(SessionId, &[u8])>,
    address: IpAddr,
) -> Result<Requester> {
    let nobody = Requester::browser_at(None, address);
    let Some((id, cookie)) = session else { return Ok(nobody) };
    let ways = StaffWays::of(service);
    let row = sqlx::query!(
        r#"with found as (
             select s.id, s.last_seen_at, s.created_at, s.account_id, a.email, s.provider, s.identity_id,
               coalesce(s.authenticated_at > now() - make_interval(secs => $2), false) as fresh,
               array(select st.role from staff st where st.account_id = s.account_id and st.identity_id = s.identity_id
                 and (st.provider = s.provider and s.provider = any ($4)
                   or st.provider is null and s.provider = any ($5))) as roles
             from session s left join account a on a.id = s.account_id
             where s.id = $1 and s.id_hash = $6 and s.expires_at > now()),
           judged as (
             select *, roles <> '{}' and (last_seen_at <= now() - interval '1 hour'
               or created_at <= now() - interval '24 hours') as over from found),
           seen as (
             update session s set last_seen_at = now(), address = $3, expires_at = case
                 when judged.over then now()
                 when s.account_id is null then now() + interval '1 hour'
                 when judged.roles <> '{}' then least(now() + interval '1 hour', s.created_at + interval '24 hours')
                 else least(now() + interval '12 hours', s.created_at + interval '30 days') end
             from judged where s.id = judged.id and s.account_id is not distinct from judged.account_id
               and (judged.over or judged.last_seen_at < now() - interval '1 minute'))
           select account_id, email as "email?", provider, identity_id, fresh as "fresh!", roles as "roles!", over as "over!" from judged"#,
        id.0,
        FRESH_FOR.as_seconds_f64(),
        ipnet::IpNet::from(address),
        &ways.groups,
        &ways.link,
        cookie,
    )
    .fetch_optional(&service.pool)
    .await?;
    let Some(row) = row.filter(|row| !row.over) else { return Ok(nobody) };
    let account = match row.account_id.zip(row.email) {
        None => None,
        Some((account, email)) => Some(SignedIn {
            id: AccountId(account),
            email: EmailAddress::parse(&email).map_err(|_| Error::corrupt("address of account", account))?,
            way: row.provider.unwrap_or_default(),
            identity: row.identity_id.map(IdentityId),
            fresh: row.fresh,
            staff: staff_roles::highest(&row.roles)?,
        }),
    };
    Ok(Requester { account, ..Requester::browser_at(Some(id), address) })
}

/// The same by the row that came in, for tests that have no cookie.
#[cfg(test)]
pub(crate) async fn requester_of(
    service: &Service,
    session: Option<SessionId>,
    address: IpAddr,
) -> Result<Requester> {
    let Some(id) = session else { return requester(service, None, address).await };
    let hash: Option<Vec<u8>> = sqlx::query_scalar(
        "select id_hash from session where id = $1 order by account_id is null, created_at desc limit 1",
    )
    .bind(id.0)
    .fetch_optional(&service.pool)
    .await?;
    requester(service, Some((id, &hash.unwrap_or_default())), address).await
}

/// Who gets a session, and by which way in.
pub(crate) struct Begin<'a> {
    pub(crate) account: AccountId,
    /// The provider's short name.
    pub(crate) provider: &'a str,
    pub(crate) identity: IdentityId,
}

/// Gives the new cookie's row to the person, and ends every other row of this browser's session.
pub(crate) async fn begin(
    conn: &mut PgConnection,
    requester: &Requester,
    begin: &Begin<'_>,
    new_id_hash: &[u8],
) -> Result<()> {
    let session = requester.session()?;
    let given = sqlx::query!(
        "update session set account_id = $3, provider = $4, identity_id = $5, authenticated_at = now(), created_at = now(),
           last_seen_at = now(), expires_at = now() + interval '12 hours', address = $6, agent = $7
         where id_hash = $1 and id = $2 and expires_at > now()",
        new_id_hash,
        session.0,
        begin.account.0,
        begin.provider,
        begin.identity.0,
        ipnet::IpNet::from(requester.browser()?.address),
        requester.browser()?.agent,
    )
    .execute(&mut *conn)
    .await?;
    if given.rows_affected() != 1 {
        return Err(Error::Conflict);
    }
    sqlx::query!("delete from session where id = $1 and id_hash <> $2", session.0, new_id_hash)
        .execute(&mut *conn)
        .await?;
    // What another person left in this browser is not this person's.
    if requester.account.as_ref().is_some_and(|before| before.id != begin.account) {
        forget_carried(conn, session).await?;
    }
    Ok(())
}

/// What a signed-in session is besides its cookie. Only [`kept`] makes one.
#[derive(Debug)]
pub struct Kept {
    /// The short name of the way it came by.
    pub(crate) provider: String,
    /// The way in itself.
    pub(crate) identity: Option<Uuid>,
    provider_session: Option<String>,
    created_at: OffsetDateTime,
    authenticated_at: Option<OffsetDateTime>,
}

/// Reads the requester's own session, before its cookie is replaced; [`Error::NotFound`] where nobody is signed in.
pub(crate) async fn kept(database: impl PgExecutor<'_>, requester: &Requester) -> Result<Kept> {
    let kept = sqlx::query_as!(
        Kept,
        r#"select coalesce(provider, '') as "provider!", identity_id as identity, provider_session, created_at,
             authenticated_at
           from session where id = $1 and account_id = $2 and expires_at > now() order by created_at desc limit 1"#,
        requester.session()?.0,
        requester.signed_in()?.id.0,
    );
    kept.fetch_optional(database).await?.ok_or(Error::NotFound)
}

/// Gives the new cookie's row to the person who is signed in already and may do more from now on, so that whoever knew the
/// old cookie may not. The session is no younger for it, and its sign-in no fresher.
pub async fn carry_over(
    service: &Service,
    requester: &Requester,
    kept: &Kept,
    new_id_hash: &[u8],
) -> Result<()> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignInAttempt).await?;
    let given = sqlx::query!(
        "update session set account_id = $3, provider = $4, identity_id = $5, provider_session = $6, created_at = $7,
           authenticated_at = $8, last_seen_at = now(), address = $9, agent = $10
         where id_hash = $1 and id = $2 and expires_at > now()",
        new_id_hash,
        requester.session()?.0,
        requester.signed_in()?.id.0,
        kept.provider,
        kept.identity,
        kept.provider_session,
        kept.created_at,
        kept.authenticated_at,
        ipnet::IpNet::from(requester.browser()?.address),
        requester.browser()?.agent,
    )
    .execute(&mut *tx)
    .await?;
    if given.rows_affected() != 1 {
        return Err(Error::Conflict);
    }
    sqlx::query!("delete from session where id = $1 and id_hash <> $2", requester.session()?.0, new_id_hash)
        .execute(&mut *tx)
        .await?;
    Ok(tx.commit().await?)
}

/// The page to which somebody comes who has just signed in: where they were going, and without a database and an aim to
/// where one is made.
pub(crate) async fn landing(conn: &mut PgConnection, begin: &Begin<'_>, return_to: &str) -> Result<String> {
    let page = ReturnTo::parse(return_to);
    if page.as_str() != Page::Landing.to_string() {
        return Ok(page.to_string());
    }
    as_account(conn, begin.account, begin.provider, Some(begin.identity)).await?;
    let any =
        sqlx::query_scalar!(r#"select exists (select 1 from tenant where state <> 'destroyed') as "any!""#);
    Ok(if any.fetch_one(conn).await? { page.to_string() } else { Page::Database.to_string() })
}

/// Ends the requester's session, with all it carried, and says by which way it came: its provider may think the person
/// still signed in. Signing out twice is success.
pub async fn sign_out(service: &Service, requester: &Requester) -> Result<Option<String>> {
    let Some(session) = requester.known_session() else { return Ok(None) };
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    let signed_in = requester.account.is_some();
    let permission = if signed_in { Permission::SignOut } else { Permission::SignInAttempt };
    requester.authorize(&mut tx, permission).await?;
    let Some(ended) = end(&mut tx, Ending::One(session)).await?.pop() else { return Ok(None) };
    if signed_in {
        requester.audit(Action::SessionSignOut).subject(session).record(&mut tx, &service.ids).await?;
    }
    tx.commit().await?;
    Ok(ended.provider)
}

/// Removes what a session carries besides itself: refused forms and lines to say.
async fn forget_carried(conn: &mut PgConnection, session: SessionId) -> Result<()> {
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
