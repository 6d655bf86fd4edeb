use super::vouched::{Vouched, address};
use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        outbox,
        providers::Provider,
        requester::Requester,
    },
    organisations::membership_sync,
    people::{
        providers::named,
        session::{self, Begin},
        staff,
    },
    sign_in::refused::record_refusal,
};
use innkeeper_domain::{
    identity::{Facts, Reason, Refusal},
    ids::{AccountId, IdentityId},
    permission::Permission,
};
use serde_json::json;
use sqlx::PgConnection;

/// Lets the person in whom a provider vouches for, or shows that it is still them; says to which path to go.
///
/// `new_id_hash` is the row of the cookie that was just given in place of the old one. Who comes for the first time gets
/// an account of their own, whatever address the provider names: an address is nobody's proof.
pub async fn enter(
    service: &Service,
    requester: &Requester,
    vouched: Vouched,
    new_id_hash: &[u8],
) -> Result<String> {
    let provider = &*named(service, &vouched.provider).await?;
    let entered = let_in(service, requester, provider, &vouched, new_id_hash).await;
    record_refusal(service, requester, provider, entered).await
}

async fn let_in(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    vouched: &Vouched,
    new_id_hash: &[u8],
) -> Result<String> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignIn).await?;
    let found = find(&mut tx, &vouched.facts).await?;
    let (known, new) = match found {
        Some(known) => (known, false),
        None => (sign_up(service, &mut tx, provider, &vouched.facts).await?, true),
    };
    let Known { identity, account, email } = known;
    let person = Actor::Account(account, email.clone());
    let entry = |action, detail| {
        person.clone().audit(action).from(requester.address()).subject(&email).detail(detail)
    };
    if new {
        entry(Action::AccountCreate, json!({ "provider": provider.id }))
            .record(&mut tx, &service.ids)
            .await?;
    }
    let begin = Begin { account, provider: provider.id.as_str(), identity };
    membership_sync::apply(service, &mut tx, requester, provider, (&begin, new), &vouched.facts).await?;
    session::begin(&mut tx, requester, &begin, new_id_hash).await?;
    let there = vouched.facts.session.as_deref();
    // Who was signed in there all along has not shown just now that it is still them.
    sqlx::query!(
        "update session set provider_session = $2, authenticated_at = least(authenticated_at, $3) where id_hash = $1",
        new_id_hash,
        there,
        vouched.facts.since,
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({ "provider": provider.id, "identity": identity });
    entry(Action::SessionSignIn, detail).record(&mut tx, &service.ids).await?;
    let risen =
        staff::decide(service, &mut tx, provider, (account, identity), &vouched.facts.groups, entry).await?;
    if let Some(role) = risen {
        let what = format!("A group of {} gave you the staff role {}.", provider.label, role.as_str());
        outbox::to_person(service, &mut tx, requester, &email, what).await?;
    }
    let to = session::landing(&mut tx, &begin, &vouched.return_to).await?;
    tx.commit().await?;
    Ok(to)
}

/// Makes it one more way in of who is signed in. Once more is success.
pub async fn link(service: &Service, requester: &Requester, vouched: Vouched) -> Result<String> {
    let provider = &*named(service, &vouched.provider).await?;
    let person = requester.signed_in()?;
    if vouched.account != Some(person.id) {
        return Err(Error::NotFound);
    }
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::AccountComplete).await?;
    let known = find(&mut tx, &vouched.facts).await?;
    if known.as_ref().is_some_and(|known| known.account != person.id) {
        let taken = Refusal::new(Reason::Taken, "it became somebody else's way in meanwhile");
        return record_refusal(service, requester, provider, Err(taken.into())).await;
    }
    if known.is_none() {
        let identity = add(service, &mut tx, provider, person.id, &vouched.facts).await?;
        requester
            .audit(Action::SignInMethodAdd)
            .subject(&person.email)
            .detail(json!({ "provider": provider.id, "identity": identity }))
            .record(&mut tx, &service.ids)
            .await?;
        let what = format!("{} was added to the sign-in methods.", provider.label);
        outbox::to_person(service, &mut tx, requester, &person.email.to_string(), what).await?;
    } else {
        // Nothing is added: only its last use is noted.
        requester.authorize(&mut tx, Permission::SignInAttempt).await?;
    }
    tx.commit().await?;
    Ok(vouched.return_to)
}

/// An identity with its account.
struct Known {
    identity: IdentityId,
    account: AccountId,
    email: String,
}

/// Who it is, if they were here before; what the provider calls them now is kept for them to recognise.
async fn find(conn: &mut PgConnection, facts: &Facts) -> Result<Option<Known>> {
    let row = sqlx::query!(
        "update identity i set used_at = now(), name = coalesce($3, i.name), address = coalesce($4, i.address)
         from account a where i.issuer = $1 and i.subject = $2 and a.id = i.account_id
         returning i.id, a.id as account, a.email",
        facts.subject.issuer(),
        facts.subject.subject(),
        facts.name,
        facts.contact.as_ref().map(|contact| contact.address.to_string()),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Known {
        identity: IdentityId(row.id),
        account: AccountId(row.account),
        email: row.email,
    }))
}

/// An account for somebody new.
async fn sign_up(
    service: &Service,
    conn: &mut PgConnection,
    provider: &Provider,
    facts: &Facts,
) -> Result<Known> {
    let email = address(provider, facts)?;
    let account: AccountId = service.ids.make();
    sqlx::query!(
        "insert into account (id, email, email_key, name) values ($1, $2, $3, $4)",
        account.0,
        email.to_string(),
        email.key(),
        facts.name,
    )
    .execute(&mut *conn)
    .await?;
    let identity = add(service, conn, provider, account, facts).await?;
    Ok(Known { identity, account, email: email.to_string() })
}

/// Adds an identity to an account; of two at once for the same person one is [`Error::Conflict`].
async fn add(
    service: &Service,
    conn: &mut PgConnection,
    provider: &Provider,
    account: AccountId,
    facts: &Facts,
) -> Result<IdentityId> {
    let id: IdentityId = service.ids.make();
    let added = sqlx::query!(
        "insert into identity (id, account_id, provider, issuer, subject, name, address)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict (issuer, subject) do nothing",
        id.0,
        account.0,
        provider.id.as_str(),
        facts.subject.issuer(),
        facts.subject.subject(),
        facts.name,
        facts.contact.as_ref().map(|contact| contact.address.to_string()),
    )
    .execute(conn)
    .await?;
    if added.rows_affected() == 1 { Ok(id) } else { Err(Error::Conflict) }
}
