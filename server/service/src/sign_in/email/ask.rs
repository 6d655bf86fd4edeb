use super::challenge::{code_hash, token_hash};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::Field,
        outbox,
        rate_limit::{self, Limit},
        requester::Requester,
    },
    people::{lockout::may_change_ways, return_to::ReturnTo},
};
use innkeeper_domain::{
    email::EmailAddress,
    ids::{AccountId, ChallengeId},
    mail::Message,
    password::{draw_code, draw_token},
    permission::Permission,
    routes::Page,
};
use serde_json::json;

/// How much more mail a mailbox may get in all than from those who ask at one address.
const ADDRESSES: i32 = 4;
/// The link lives for ten minutes; a mail that cannot be sent within an hour is given up.
const MAIL_HOURS: i32 = 1;

/// Sends a mail with a link and a code to this address. Answer and work are the same whether it is known or not.
///
/// The requester has a session already: the challenge is bound to it.
pub async fn ask(service: &Service, requester: &Requester, email: &str, return_to: &str) -> Result<()> {
    send(service, requester, email, return_to, None).await
}

/// The same to have the mailbox as one more way in. Needs a fresh sign-in; whether the mailbox is somebody's already is
/// told only to who has shown that it is theirs.
pub async fn ask_to_link(service: &Service, requester: &Requester, email: &str) -> Result<()> {
    let person = may_change_ways(service, requester).await?;
    send(service, requester, email, &Page::Account.to_string(), Some(person.id)).await
}

async fn send(
    service: &Service,
    requester: &Requester,
    email: &str,
    return_to: &str,
    account: Option<AccountId>,
) -> Result<()> {
    let email = EmailAddress::parse(email).map_err(|error| Error::rejected(Field::Email, error))?;
    let session = requester.session()?;
    let return_to = ReturnTo::parse(return_to);
    count(service, requester, &email).await?;

    let id: ChallengeId = service.ids.make();
    let token = draw_token(&*service.random);
    let code = draw_code(&*service.random);
    let (token_hash, code_hash) = (token_hash(token.expose()), code_hash(id, code.expose()));
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    let permission = if account.is_some() { Permission::AccountChange } else { Permission::SignInAsk };
    requester.authorize(&mut tx, permission).await?;
    let known = sqlx::query_scalar!(
        r#"select exists (select from identity where issuer = 'mail' and subject = $1) as "known!""#,
        email.key()
    )
    .fetch_one(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into challenge
           (id, email, email_key, token_hash, code_hash, session_id, return_to, purpose, account_id, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, case when $8::uuid is null then 'sign_in' else 'link' end, $8,
           now() + interval '10 minutes')",
        id.0,
        email.to_string(),
        email.key(),
        token_hash.as_slice(),
        code_hash.as_slice(),
        session.0,
        return_to.as_str(),
        account.map(|account| account.0),
    )
    .execute(&mut *tx)
    .await?;
    let link = Page::Verify.with("token", token.expose()).absolute(&service.settings.public_url);
    let code = code.expose().into();
    let message = match account {
        None => Message::SignIn { link, code, known },
        Some(_) => Message::AddMailbox { link, code },
    };
    outbox::queue(&mut tx, &service.ids, &*service.sealer, &email, &message, MAIL_HOURS).await?;
    requester
        .audit(if account.is_some() { Action::SignInMethodAsk } else { Action::SignInAsk })
        .subject(&email)
        .detail(json!({ "challenge": id }))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}

/// Counts by asking address, by mailbox and in all, in this order, so that who is refused uses up nobody else's.
///
/// A mailbox is counted for those who ask at one address, and four times that for all: who fills the first shuts out
/// nobody elsewhere. Refused asking does not prolong a window, and mails already sent serve in any browser.
async fn count(service: &Service, requester: &Requester, email: &EmailAddress) -> Result<()> {
    let limits = &service.settings.limits;
    let mailbox = format!("mail to {}", mailbox(email));
    let all =
        Limit { count: limits.mail_per_mailbox.count.saturating_mul(ADDRESSES), ..limits.mail_per_mailbox };
    let pool = &service.pool;
    rate_limit::take(
        pool,
        &rate_limit::address_key("mail by", requester.browser()?.address),
        limits.mail_per_address,
    )
    .await?;
    rate_limit::take(
        pool,
        &rate_limit::address_key(&format!("{mailbox} by"), requester.browser()?.address),
        limits.mail_per_mailbox,
    )
    .await?;
    rate_limit::take(pool, &mailbox, all).await?;
    rate_limit::take(pool, "mail in all", limits.mail_in_all).await
}

/// The mailbox that gets the mail, as far as can be told: `jane+a@…` and `jane+b@…` mostly are one.
fn mailbox(email: &EmailAddress) -> String {
    let key = email.key();
    match key.split_once('@') {
        Some((local, domain)) => {
            let person = local.split('+').next().filter(|person| !person.is_empty()).unwrap_or(local);
            format!("{person}@{domain}")
        }
        None => key,
    }
}
