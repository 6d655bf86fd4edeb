//! What somebody may do in an organisation.

use crate::{Error, Result};
use innkeeper_domain::{ids::AccountId, organisation::MemberRole};
use sqlx::PgConnection;
use uuid::Uuid;

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
