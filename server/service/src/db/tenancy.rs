//! What a transaction on the control database sees: the organisations of one account (row-level security).

use innkeeper_domain::ids::{AccountId, IdentityId, OrganisationId};
use sqlx::PgConnection;

/// Makes a transaction see what the account sees that came by this way, and by which one of that. Ends with the transaction.
pub async fn as_account(
    conn: &mut PgConnection,
    account: AccountId,
    way: &str,
    identity: Option<IdentityId>,
) -> sqlx::Result<()> {
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
pub async fn as_member(conn: &mut PgConnection, organisation: OrganisationId) -> sqlx::Result<()> {
    sqlx::query!(
        "select set_config('innkeeper.organisations', array_append(coalesce(
            nullif(current_setting('innkeeper.organisations', true), '')::uuid[], '{}'), $1)::text, true)",
        organisation.0
    )
    .fetch_one(conn)
    .await?;
    Ok(())
}
