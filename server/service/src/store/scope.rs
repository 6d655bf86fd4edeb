use super::Tx;
use crate::{Error, Result, visitor::SignedIn};
use innkeeper_domain::{
    ids::{AccountId, IdentityId, OrganisationId},
    organisation::MemberRole,
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

/// Begins a transaction that sees what the person sees: their own requests, and all organisations they are a member of and
/// which open to the way they came by.
pub async fn begin_as_account(pool: &PgPool, person: &SignedIn) -> Result<Tx> {
    let mut tx = pool.begin().await?;
    as_account(&mut tx, person.id, &person.way, person.identity).await?;
    Ok(tx)
}

/// The same for looking only: all that is read stands as it did at one moment, so that a page never shows a run that
/// has ended beside a tenant of before.
pub async fn look_as_account(pool: &PgPool, person: &SignedIn) -> Result<Tx> {
    let mut tx = pool.begin_with("begin isolation level repeatable read read only").await?;
    as_account(&mut tx, person.id, &person.way, person.identity).await?;
    Ok(tx)
}

/// Makes a transaction see what the account sees that came by this way, and by which one of that. Ends with the transaction.
pub async fn as_account(
    conn: &mut PgConnection,
    account: AccountId,
    way: &str,
    identity: Option<IdentityId>,
) -> Result<()> {
    sqlx::query!("select set_config('innkeeper.account', $1, true)", account.0.to_string())
        .fetch_one(&mut *conn)
        .await?;
    sqlx::query!(
        "select set_config('innkeeper.organisations', organisations_open($1, $2, $3)::text, true)",
        account.0,
        way,
        identity.map(|identity| identity.0),
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// Lets a transaction see one more organisation: the one it is about to make.
pub async fn as_member(conn: &mut PgConnection, organisation: OrganisationId) -> Result<()> {
    sqlx::query!(
        "select set_config('innkeeper.organisations', array_append(coalesce(
            nullif(current_setting('innkeeper.organisations', true), '')::uuid[], '{}'), $1)::text, true)",
        organisation.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}

/// What the account may do in an organisation that the transaction sees.
pub async fn role_in(conn: &mut PgConnection, organisation: Uuid, account: AccountId) -> Result<MemberRole> {
    let role = sqlx::query_scalar!(
        "select role from member where organisation_id = $1 and account_id = $2",
        organisation,
        account.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    MemberRole::parse(&role).ok_or_else(|| Error::corrupt("member role", role))
}
