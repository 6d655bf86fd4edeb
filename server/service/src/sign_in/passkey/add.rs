use super::{
    MOST, count, ids_of, port,
    question::{consume, keep},
};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, InputCode},
        outbox,
        requester::{Requester, SignedIn},
    },
    people::lockout::may_change_ways,
    sign_in::{oidc::Purpose, refused::record_refusal_by},
};
use innkeeper_domain::{
    identity::{ProviderId, Reason, Refusal},
    ids::IdentityId,
    permission::Permission,
    ports::{NewPasskey, PasskeyOwner},
    routes::Page,
    text::line,
};
use serde_json::json;
use sqlx::PgConnection;

/// The longest name of a passkey, in characters.
const NAME_MOST: usize = 60;

/// Asks this browser for a new passkey of who is signed in. Needs a fresh sign-in.
pub async fn begin_add(service: &Service, requester: &Requester) -> Result<()> {
    let port = port(service)?;
    let person = may_change_ways(service, requester).await?;
    count(service, requester).await?;
    let known = ids_of(&service.pool, person.id).await?;
    if known.len() >= MOST {
        return Err(too_many());
    }
    let owner = PasskeyOwner { account: person.id, email: person.email.to_string() };
    let asked = port.ask_new(&owner, &known).map_err(Into::into);
    let asked = record_refusal_by(service, requester, ProviderId::PASSKEY, asked).await?;
    keep(service, requester, Purpose::Link, &asked, &Page::Account.to_string()).await
}

/// Makes the passkey that a browser has made one more way in of who is signed in. A name that is refused leaves the
/// question open.
pub async fn add(service: &Service, requester: &Requester, name: &str, answer: &str) -> Result<()> {
    let person = requester.signed_in()?;
    let name = line(name, NAME_MOST).map_err(|error| Error::rejected(Field::Name, error))?;
    count(service, requester).await?;
    let added = check_and_add(service, requester, person, &name, answer).await;
    record_refusal_by(service, requester, ProviderId::PASSKEY, added).await
}

async fn check_and_add(
    service: &Service,
    requester: &Requester,
    person: &SignedIn,
    name: &str,
    answer: &str,
) -> Result<()> {
    let port = port(service)?;
    let asked = consume(service, requester, Purpose::Link).await?;
    let made = port.made(&asked.state, answer)?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::AccountComplete).await?;
    // Of two that are added at once the second counts the first.
    sqlx::query!("select id from account where id = $1 for update", person.id.0).fetch_one(&mut *tx).await?;
    if ids_of(&mut *tx, person.id).await?.len() >= MOST {
        return Err(too_many());
    }
    let identity = insert(service, &mut tx, person, name, &made).await?;
    requester
        .audit(Action::SignInMethodAdd)
        .subject(&person.email)
        .detail(json!({ "provider": ProviderId::PASSKEY, "identity": identity }))
        .record(&mut tx, &service.ids)
        .await?;
    let what = format!("A passkey ({name}) was added to the sign-in methods.");
    outbox::to_person(service, &mut tx, requester, &person.email.to_string(), what).await?;
    Ok(tx.commit().await?)
}

/// Two passkeys never have the same id, unless somebody makes up one: [`Reason::Taken`].
async fn insert(
    service: &Service,
    conn: &mut PgConnection,
    person: &SignedIn,
    name: &str,
    made: &NewPasskey,
) -> Result<IdentityId> {
    let id: IdentityId = service.ids.make();
    let added = sqlx::query!(
        "insert into identity (id, account_id, provider, issuer, subject, name)
         values ($1, $2, 'passkey', 'passkey', $3, $4) on conflict (issuer, subject) do nothing",
        id.0,
        person.id.0,
        made.id,
        name,
    )
    .execute(&mut *conn)
    .await?;
    if added.rows_affected() != 1 {
        return Err(Refusal::new(Reason::Taken, format!("{} is there already", made.id)).into());
    }
    sqlx::query!(
        "insert into passkey (identity_id, credential) values ($1, ($2::text)::jsonb)",
        id.0,
        made.credential
    )
    .execute(conn)
    .await?;
    Ok(id)
}

fn too_many() -> Error {
    Error::rejected(Field::Passkey, InputCode::LimitReached { most: i64::try_from(MOST).unwrap_or(i64::MAX) })
}
