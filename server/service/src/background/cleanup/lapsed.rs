use crate::{
    Result,
    context::audit::{self, Actor, Entry},
};
use innkeeper_domain::ids::{Ids, OrganisationId};
use serde_json::json;
use sqlx::PgPool;

/// Most rows that one statement deletes.
pub(super) const BATCH: i64 = 1000;

/// Ends the memberships by a way that has said nothing of the person for 30 days: their databases are closed to them since
/// a day after, and sessions are over by then. How many there were.
pub async fn end_lapsed(pool: &PgPool, ids: &Ids) -> Result<u64> {
    let mut tx = pool.begin().await?;
    let gone = sqlx::query!(
        r#"delete from member where vouched_at < now() - interval '30 days' and (organisation_id, account_id) in (
             select organisation_id, account_id from member where vouched_at < now() - interval '30 days'
             order by organisation_id, account_id limit $1 for update skip locked)
           returning organisation_id, account_id, provider as "provider!""#,
        BATCH
    )
    .fetch_all(&mut *tx)
    .await?;
    for one in &gone {
        let entry = Entry {
            actor: Actor::System,
            address: None,
            action: "member.lapse",
            subject: &one.account_id.to_string(),
            organisation: Some(OrganisationId(one.organisation_id)),
            tenant: None,
            detail: json!({ "provider": one.provider }),
        };
        audit::record(&mut tx, ids, entry).await?;
    }
    tx.commit().await?;
    Ok(gone.len() as u64)
}
