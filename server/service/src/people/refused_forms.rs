//! Refused forms: what was typed and what is wrong with it, as rows of their own, because a session is saved whole
//! and two tabs would lose each other's.

use crate::{Error, Result, Service};
use innkeeper_domain::ids::SessionId;
use serde_json::Value;

/// The longest text of one field that is kept, in bytes. Longer ones come back empty, beside their mistake.
pub const FIELD_MOST: usize = 6000;
/// The longest id of a form, in bytes.
const ID_MOST: usize = 64;

/// Keeps a refused form for an hour, in place of an earlier one of the same id.
///
/// A row holds 16 KB. What does not fit is left out, the mistakes last: [`Error::Corrupt`] only if not even they fit.
pub async fn keep(service: &Service, session: SessionId, id: &str, data: &Value) -> Result<()> {
    if id.is_empty() || id.len() > ID_MOST {
        return Err(Error::NotFound);
    }
    let mut data = data.clone();
    shorten(&mut data);
    if insert(service, session, id, &data).await? {
        return Ok(());
    }
    if let Some(values) = data.get_mut("values") {
        *values = Value::Null;
    }
    if insert(service, session, id, &data).await? {
        Ok(())
    } else {
        Err(Error::corrupt("form larger than 16 KB:", id))
    }
}

/// Inserts, if the row's limit allows it: the database measures, since it writes JSON in its own way.
async fn insert(service: &Service, session: SessionId, id: &str, data: &Value) -> Result<bool> {
    let kept = sqlx::query!(
        "insert into form_state (session_id, id, data)
         select $1, $2, $3 where octet_length(($3::jsonb)::text) <= 16384
         on conflict (session_id, id) do update set data = excluded.data, created_at = now()",
        session.0,
        id,
        data
    )
    .execute(&service.pool)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// Empties texts that are too long and drops NUL, which the database cannot keep.
fn shorten(value: &mut Value) {
    match value {
        Value::String(text) if text.len() > FIELD_MOST => text.clear(),
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Array(items) => items.iter_mut().for_each(shorten),
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A refused form, once; none when it is older than an hour or somebody else's.
pub async fn take(service: &Service, session: SessionId, id: &str) -> Result<Option<Value>> {
    if id.is_empty() || id.len() > ID_MOST || id.contains('\0') {
        return Ok(None);
    }
    let row = sqlx::query!(
        r#"delete from form_state where session_id = $1 and id = $2
           returning data, created_at > now() - interval '1 hour' as "current!""#,
        session.0,
        id
    )
    .fetch_optional(&service.pool)
    .await?;
    Ok(row.filter(|row| row.current).map(|row| row.data))
}
