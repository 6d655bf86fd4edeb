use crate::{
    Result,
    context::audit::{Action, Actor},
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
        Actor::System
            .audit(Action::MemberLapse)
            .subject(one.account_id)
            .in_organisation(OrganisationId(one.organisation_id))
            .detail(json!({ "provider": one.provider }))
            .record(&mut tx, ids)
            .await?;
    }
    tx.commit().await?;
    Ok(gone.len() as u64)
}
