//! The master key: what is sealed under which, and its rotation. Everything that is sealed is sealed anew under the
//! current key, in batches that each commit by themselves. Where it is ended in the middle, the next call goes on with
//! what is left.

use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        outbox,
    },
    people::providers::secret_context,
    sign_in::oidc::question_context,
    workflows::{
        engine::failpoint::{Point, strike},
        secrets,
    },
};
use innkeeper_domain::{
    ids::{Ids, MailId, OrganisationId, TenantId},
    ports::{Sealed, Sealer},
};
use serde::Serialize;
use serde_json::json;
use sqlx::{PgConnection, PgPool, Postgres, pool::PoolConnection};
use std::collections::BTreeMap;
use uuid::Uuid;

/// So many at once: nobody waits long for a row.
const BATCH: i64 = 100;
/// Where faults can be ordered.
const STEP: &str = "rotate_master_key";

/// A place that holds something sealed, and what it is sealed for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    table: String,
    id: Uuid,
    purpose: String,
}

/// What could not be sealed anew.
#[derive(Debug, Clone, Serialize)]
pub struct NotOpened {
    /// Where it is.
    pub place: String,
    /// Why it does not open.
    pub why: String,
}

/// How much is sealed under each master key, by the keys' ids.
pub async fn sealed_under(worker: &PgPool) -> Result<BTreeMap<String, i64>> {
    let rows = sqlx::query!(
        r#"select key_id as "key_id!", count(*) as "count!" from sealed_record group by key_id order by key_id"#
    );
    Ok(rows.fetch_all(worker).await?.into_iter().map(|row| (row.key_id, row.count)).collect())
}

/// Whether this key was taken out of use by a rotation.
pub async fn is_retired(worker: &PgPool, key: &str) -> Result<bool> {
    let retired = sqlx::query_scalar!(
        r#"select exists (select from retired_master_key where id = $1) as "retired!""#,
        key
    );
    Ok(retired.fetch_one(worker).await?)
}

/// Keeps other rotations away until the connection ends; none where one is at work.
pub async fn only_one(worker: &PgPool) -> Result<Option<PoolConnection<Postgres>>> {
    let mut connection = worker.acquire().await?;
    let taken = sqlx::query_scalar!(
        r#"select pg_try_advisory_lock(hashtextextended('rotation of the master key', 0)) as "taken!""#
    );
    let taken = taken.fetch_one(&mut *connection).await?;
    Ok(taken.then_some(connection))
}

/// Records that a key takes the place of others, or that their rotation goes on.
pub async fn begin(worker: &PgPool, ids: &Ids, current: &str, older: &[String]) -> Result<()> {
    let mut tx = worker.begin().await?;
    note(&mut tx, ids, Action::MasterKeyRotate, current, json!({ "older": older })).await?;
    tx.commit().await?;
    struck(Point::AfterIntent).await
}

/// Seals anew what is not sealed under the current key, and tells after each batch how much that was in all. What does
/// not open is left as it is.
pub async fn reseal(
    worker: &PgPool,
    sealer: &dyn Sealer,
    current: &str,
    mut tell: impl FnMut(u64),
) -> Result<Vec<NotOpened>> {
    let (mut after, mut resealed, mut failed) = (None, 0, Vec::new());
    loop {
        let mut tx = worker.begin().await?;
        let batch = batch(&mut tx, current, after.as_ref()).await?;
        let Some((last, _)) = batch.last() else { return Ok(failed) };
        after = Some(last.clone());
        for (place, sealed) in &batch {
            let context = place.context()?;
            match sealer.open(sealed, &context) {
                Ok(plain) => {
                    let anew = sealer.seal(&plain, &context);
                    resealed += put(&mut tx, place, sealed, &anew).await?;
                }
                Err(error) => failed.push(NotOpened { place: context, why: error.to_string() }),
            }
        }
        struck(Point::InEffect).await?;
        tx.commit().await?;
        tell(resealed);
        struck(Point::AfterEffect).await?;
    }
}

/// Takes a key out of use if nothing is sealed under it any more; answers how much still is.
pub async fn retire(worker: &PgPool, ids: &Ids, old: &str, current: &str) -> Result<i64> {
    let known = is_retired(worker, old).await?;
    let mut tx = worker.begin().await?;
    // Whoever writes at the moment is waited for, and everybody else for this: not for long.
    sqlx::query!("select set_config('lock_timeout', '3s', true)").fetch_one(&mut *tx).await?;
    let left =
        sqlx::query_scalar!(r#"select retire_master_key($1) as "left!""#, old).fetch_one(&mut *tx).await?;
    if left == 0 {
        if !known {
            note(&mut tx, ids, Action::MasterKeyRetire, old, json!({ "current": current })).await?;
        }
        tx.commit().await?;
        struck(Point::AfterDone).await?;
    }
    Ok(left)
}

async fn note(
    conn: &mut PgConnection,
    ids: &Ids,
    action: Action,
    key: &str,
    detail: serde_json::Value,
) -> Result<()> {
    Ok(Actor::Operator.audit(action).subject(key).detail(detail).record(conn, ids).await?)
}

async fn struck(point: Point) -> Result<()> {
    strike(STEP, point).await.map(drop).map_err(|error| Error::Step(error.to_string()))
}

/// The next of those that are not under the current key.
async fn batch(
    conn: &mut PgConnection,
    current: &str,
    after: Option<&Place>,
) -> Result<Vec<(Place, Sealed)>> {
    let rows = sqlx::query!(
        r#"select place as "place!", id as "id!", purpose as "purpose!", key_id as "key_id!", sealed as "sealed!"
           from sealed_record where key_id <> $1 and ($2::text is null or (place, id, purpose) > ($2, $3, $4))
           order by place, id, purpose limit $5"#,
        current,
        after.map(|place| &place.table),
        after.map(|place| place.id).unwrap_or_default(),
        after.map(|place| place.purpose.as_str()).unwrap_or_default(),
        BATCH
    );
    Ok(rows
        .fetch_all(conn)
        .await?
        .into_iter()
        .map(|row| {
            let place = Place { table: row.place, id: row.id, purpose: row.purpose };
            (place, Sealed { key_id: row.key_id, bytes: row.sealed })
        })
        .collect())
}

impl Place {
    fn context(&self) -> Result<String> {
        Ok(match self.table.as_str() {
            "sealed_secret" => secrets::context(TenantId(self.id), &self.purpose),
            "outbox" => outbox::seal_context(MailId(self.id)),
            "authorization_request" => question_context(self.id),
            "organisation_identity" => secret_context(OrganisationId(self.id)),
            other => return Err(Error::corrupt("place of sealed records", other)),
        })
    }
}

/// Puts the new one in place of the one that was read; how many rows that were. One that somebody has changed meanwhile,
/// or is changing, is left to the next pass: nobody waits for anybody here.
async fn put(conn: &mut PgConnection, place: &Place, from: &Sealed, to: &Sealed) -> Result<u64> {
    let (id, key, sealed, was) = (place.id, &to.key_id, &to.bytes, &from.bytes);
    let done = match place.table.as_str() {
        "sealed_secret" => {
            sqlx::query!(
                "update sealed_secret set key_id = $1, sealed = $2 where (tenant_id, purpose) = (select tenant_id, purpose
                   from sealed_secret where tenant_id = $3 and purpose = $4 and sealed = $5 for update skip locked)",
                key,
                sealed,
                id,
                place.purpose,
                was
            )
            .execute(conn)
            .await
        }
        "outbox" => {
            sqlx::query!(
                "update outbox set key_id = $1, sealed = $2
                 where id = (select id from outbox where id = $3 and sealed = $4 for update skip locked)",
                key,
                sealed,
                id,
                was
            )
            .execute(conn)
            .await
        }
        "authorization_request" => {
            sqlx::query!(
                "update authorization_request set key_id = $1, sealed = $2 where id = (select id
                   from authorization_request where id = $3 and sealed = $4 for update skip locked)",
                key,
                sealed,
                id,
                was
            )
            .execute(conn)
            .await
        }
        _ => {
            sqlx::query!(
                "update organisation_identity set key_id = $1, sealed = $2 where organisation_id = (select organisation_id
                   from organisation_identity where organisation_id = $3 and sealed = $4 for update skip locked)",
                key,
                sealed,
                id,
                was
            )
            .execute(conn)
            .await
        }
    };
    Ok(done?.rows_affected())
}

#[cfg(test)]
mod tests;
