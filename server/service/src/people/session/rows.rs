//! The rows under the cookie: what the session store of the web layer reads and writes.
//!
//! A cookie's value is kept as a hash only, so that a reader of the table cannot take a session over.

use serde_json::Value;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// The hash under which a cookie's value is kept. The value is drawn from 128 bits or more: no salt is needed.
pub fn id_hash(cookie: &[u8]) -> [u8; 32] {
    blake3::derive_key("innkeeper 2026-11-21 session cookie", cookie)
}

/// Makes a row for a new cookie, for an hour at most; `false` if there is one already. `id` is the stable id, which
/// a session keeps when its cookie changes.
pub async fn create(
    pool: &PgPool,
    id_hash: &[u8],
    id: Uuid,
    data: &Value,
    expires: OffsetDateTime,
) -> sqlx::Result<bool> {
    let made = sqlx::query!(
        "insert into session (id_hash, id, data, expires_at) values ($1, $2, $3, least($4, now() + interval '1 hour'))
         on conflict (id_hash) do nothing",
        id_hash,
        id,
        data,
        expires,
    )
    .execute(pool)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Writes the data of a row that is there; `false` if it is not: a session that was ended does not come back.
/// How long it lives is not the store's to say: see [`super::requester`].
pub async fn save(pool: &PgPool, id_hash: &[u8], data: &Value) -> sqlx::Result<bool> {
    let saved =
        sqlx::query!("update session set data = $2 where id_hash = $1 and expires_at > now()", id_hash, data)
            .execute(pool)
            .await?;
    Ok(saved.rows_affected() == 1)
}

/// The data of a live row, and until when it lives.
pub async fn load(pool: &PgPool, id_hash: &[u8]) -> sqlx::Result<Option<(Value, OffsetDateTime)>> {
    let row = sqlx::query!(
        "select data, expires_at from session where id_hash = $1 and expires_at > now()",
        id_hash
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| (row.data, row.expires_at)))
}

/// Removes a row. Absent is success.
pub async fn delete(pool: &PgPool, id_hash: &[u8]) -> sqlx::Result<()> {
    sqlx::query!("delete from session where id_hash = $1", id_hash).execute(pool).await?;
    Ok(())
}

/// Removes rows whose time is over, so many at most; how many there were. A row that was renewed in between stays.
pub async fn remove_expired(pool: &PgPool, most: i64) -> sqlx::Result<u64> {
    let removed = sqlx::query!(
        "delete from session where expires_at <= now() and id_hash = any (array(
           select id_hash from session where expires_at <= now() limit $1))",
        most
    );
    Ok(removed.execute(pool).await?.rows_affected())
}
