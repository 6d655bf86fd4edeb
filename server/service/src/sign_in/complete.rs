use super::{Checked, ReturnTo};
use crate::{
    Error, Result, Service,
    audit::{self, Actor, Entry},
    session, store,
    visitor::Visitor,
};
use innkeeper_domain::{
    email::EmailAddress,
    ids::{AccountId, SessionId},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Signs the person in, and says to which path to go.
///
/// `new_id_hash` is the row of the cookie that was just given in place of the old one (the store made it, with the
/// same stable id): whoever knew the old cookie is out. Of presses at once one gets in; the others are
/// [`Error::Overtaken`].
pub async fn complete(
    service: &Service,
    visitor: &Visitor,
    checked: Checked,
    new_id_hash: &[u8],
) -> Result<String> {
    let session = visitor.session()?;
    let mut tx = service.pool.begin().await?;
    let used = sqlx::query!(
        "update challenge set used_at = now(), used_from = $2, used_in = $3
         where id = $1 and used_at is null and expires_at > now()
         returning email, return_to",
        checked.0.0,
        ipnet::IpNet::from(visitor.address),
        session.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Overtaken)?;
    let email = EmailAddress::parse(&used.email).map_err(|_| Error::corrupt("address of", checked.0))?;
    let (account, new) = account_of(service, &mut tx, &email).await?;
    let person = Person { account, email, visitor };
    if new {
        person.record(service, &mut tx, "account.create", json!({})).await?;
    }
    give_session(&mut tx, &person, session, new_id_hash).await?;
    person
        .record(service, &mut tx, "session.sign_in", json!({ "provider": "mail", "challenge": checked.0 }))
        .await?;
    let to = match ReturnTo::parse(&used.return_to) {
        front if front.as_str() == "/" && !has_tenants(&mut tx, account).await? => {
            "/sign-up/database".to_owned()
        }
        page => page.to_string(),
    };
    tx.commit().await?;
    Ok(to)
}

/// Who signs in where.
struct Person<'a> {
    account: AccountId,
    email: EmailAddress,
    visitor: &'a Visitor,
}

impl Person<'_> {
    async fn record(
        &self,
        service: &Service,
        conn: &mut PgConnection,
        action: &'static str,
        detail: Value,
    ) -> Result<()> {
        let email = self.email.to_string();
        let entry = Entry {
            actor: Actor::Account(self.account, email.clone()),
            address: Some(self.visitor.address),
            action,
            subject: &email,
            organisation: None,
            tenant: None,
            detail,
        };
        Ok(audit::record(conn, &service.ids, entry).await?)
    }
}

/// The account of a mailbox, made if there is none; whether it was made. The unique index decides between two at once.
async fn account_of(
    service: &Service,
    conn: &mut PgConnection,
    email: &EmailAddress,
) -> Result<(AccountId, bool)> {
    let made = sqlx::query_scalar!(
        "insert into account (id, email, email_key) values ($1, $2, $3) on conflict (email_key) do nothing returning id",
        service.ids.make::<AccountId>().0,
        email.to_string(),
        email.key(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(id) = made {
        return Ok((AccountId(id), true));
    }
    let id = sqlx::query_scalar!("select id from account where email_key = $1", email.key())
        .fetch_one(conn)
        .await?;
    Ok((AccountId(id), false))
}

/// Gives the new cookie's row to the person, and ends every other row of this browser's session.
async fn give_session(
    conn: &mut PgConnection,
    person: &Person<'_>,
    session: SessionId,
    new_id_hash: &[u8],
) -> Result<()> {
    let given = sqlx::query!(
        "update session set account_id = $3, provider = 'mail', authenticated_at = now(), created_at = now(),
           last_seen_at = now(), expires_at = now() + interval '12 hours', address = $4
         where id_hash = $1 and id = $2 and expires_at > now()",
        new_id_hash,
        session.0,
        person.account.0,
        ipnet::IpNet::from(person.visitor.address),
    )
    .execute(&mut *conn)
    .await?;
    if given.rows_affected() != 1 {
        return Err(Error::Overtaken);
    }
    sqlx::query!("delete from session where id = $1 and id_hash <> $2", session.0, new_id_hash)
        .execute(&mut *conn)
        .await?;
    // What another person left in this browser is not this person's.
    if person.visitor.account.as_ref().is_some_and(|before| before.id != person.account) {
        session::forget_carried(conn, session).await?;
    }
    Ok(())
}

async fn has_tenants(conn: &mut PgConnection, account: AccountId) -> Result<bool> {
    store::as_account(conn, account).await?;
    Ok(sqlx::query_scalar!(r#"select exists (select 1 from tenant where state <> 'destroyed') as "any!""#)
        .fetch_one(conn)
        .await?)
}
