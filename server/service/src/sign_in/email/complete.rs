use super::Checked;
use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        requester::Requester,
    },
    people::session::{self, Begin},
};
use innkeeper_domain::{
    email::EmailAddress,
    identity::ProviderId,
    ids::{AccountId, IdentityId},
    permission::Permission,
};
use serde_json::{Value, json};
use sqlx::PgConnection;

/// Signs the person in, and says to which path to go.
///
/// `new_id_hash` is the row of the cookie that was just given in place of the old one (the store made it, with the
/// same stable id): whoever knew the old cookie is out. Of presses at once one gets in; the others are
/// [`Error::Conflict`].
pub async fn complete(
    service: &Service,
    requester: &Requester,
    checked: Checked,
    new_id_hash: &[u8],
) -> Result<String> {
    let session = requester.session()?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignIn).await?;
    let used = sqlx::query!(
        "update challenge set used_at = now(), used_from = $2, used_in = $3
         where id = $1 and purpose = 'sign_in' and used_at is null and expires_at > now()
         returning email, return_to",
        checked.id.0,
        ipnet::IpNet::from(requester.browser()?.address),
        session.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    let email = EmailAddress::parse(&used.email).map_err(|_| Error::corrupt("address of", checked.id))?;
    let (account, identity, new) = account_of(service, &mut tx, &email).await?;
    let person = Person { account, email, requester };
    if new {
        person.record(service, &mut tx, Action::AccountCreate, json!({})).await?;
    }
    let begin = Begin { account, provider: ProviderId::MAIL, identity };
    session::begin(&mut tx, requester, &begin, new_id_hash).await?;
    person
        .record(
            service,
            &mut tx,
            Action::SessionSignIn,
            json!({ "provider": "mail", "challenge": checked.id }),
        )
        .await?;
    let to = session::landing(&mut tx, &begin, &used.return_to).await?;
    tx.commit().await?;
    Ok(to)
}

/// Who signs in where.
struct Person<'a> {
    account: AccountId,
    email: EmailAddress,
    requester: &'a Requester,
}

impl Person<'_> {
    async fn record(
        &self,
        service: &Service,
        conn: &mut PgConnection,
        action: Action,
        detail: Value,
    ) -> Result<()> {
        let email = self.email.to_string();
        Ok(Actor::Account(self.account, email.clone())
            .audit(action)
            .from(self.requester.address())
            .subject(&email)
            .detail(detail)
            .record(conn, &service.ids)
            .await?)
    }
}

/// One at a time decides whose way in a mailbox is.
pub(super) async fn lock(conn: &mut PgConnection, email: &EmailAddress) -> Result<()> {
    let alone = sqlx::query!(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("mailbox {}", email.key())
    );
    alone.fetch_one(conn).await?;
    Ok(())
}

/// The account that a mailbox is a way into, made if there is none; whether it was made. Of two browsers at once the
/// second waits for what the first makes.
async fn account_of(
    service: &Service,
    conn: &mut PgConnection,
    email: &EmailAddress,
) -> Result<(AccountId, IdentityId, bool)> {
    lock(conn, email).await?;
    let used = sqlx::query!(
        "update identity set used_at = now() where issuer = 'mail' and subject = $1 returning id, account_id",
        email.key()
    );
    if let Some(way) = used.fetch_optional(&mut *conn).await? {
        return Ok((AccountId(way.account_id), IdentityId(way.id), false));
    }
    let (account, identity): (AccountId, IdentityId) = (service.ids.make(), service.ids.make());
    sqlx::query!(
        "insert into account (id, email, email_key) values ($1, $2, $3)",
        account.0,
        email.to_string(),
        email.key(),
    )
    .execute(&mut *conn)
    .await?;
    add(conn, identity, account, email).await?;
    Ok((account, identity, true))
}

/// Makes a mailbox a way into an account. The caller holds its [`lock`].
pub(super) async fn add(
    conn: &mut PgConnection,
    id: IdentityId,
    account: AccountId,
    email: &EmailAddress,
) -> Result<()> {
    sqlx::query!(
        "insert into identity (id, account_id, provider, issuer, subject, address) values ($1, $2, 'mail', 'mail', $3, $4)",
        id.0,
        account.0,
        email.key(),
        email.to_string(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
