//! The session store of the web layer over the control database's rows. The cookie's value itself is never kept.

use async_trait::async_trait;
use innkeeper_service::people::session::rows;
use sqlx::PgPool;
use time::OffsetDateTime;
use tower_sessions::{
    SessionStore,
    session::{Id, Record},
    session_store::{Error, Result},
};
use uuid::Uuid;

/// The key under which a session's stable id stands in its data.
pub(super) const STABLE_ID: &str = "sid";

/// How often an id that is taken is drawn anew; with 128 bits once is more than will ever happen.
const DRAWS: usize = 3;

#[derive(Debug, Clone)]
pub(super) struct SessionRows(pub PgPool);

/// The hash under which the row of a session stands.
pub(super) fn hash(id: &Id) -> [u8; 32] {
    rows::id_hash(&id.0.to_le_bytes())
}

fn backend(error: sqlx::Error) -> Error {
    Error::Backend(error.to_string())
}

fn encode(record: &Record) -> Result<serde_json::Value> {
    serde_json::to_value(&record.data).map_err(|error| Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for SessionRows {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let data = encode(record)?;
        let stable = record.data.get(STABLE_ID).and_then(serde_json::Value::as_str);
        let stable = stable.and_then(|id| Uuid::try_parse(id).ok());
        let stable = stable.ok_or_else(|| Error::Encode("a session without its stable id".into()))?;
        for _ in 0..DRAWS {
            let made = rows::create(&self.0, &hash(&record.id), stable, &data, record.expiry_date).await;
            if made.map_err(backend)? {
                return Ok(());
            }
            record.id = Id::default();
        }
        Err(Error::Backend("no free session id was drawn".into()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        // A session that was ended meanwhile does not come back: then there is nothing to save.
        rows::save(&self.0, &hash(&record.id), &encode(record)?).await.map_err(backend).map(drop)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let row: Option<(serde_json::Value, OffsetDateTime)> =
            rows::load(&self.0, &hash(id)).await.map_err(backend)?;
        row.map(|(data, expiry_date)| {
            let data = serde_json::from_value(data).map_err(|error| Error::Decode(error.to_string()))?;
            Ok(Record { id: *id, data, expiry_date })
        })
        .transpose()
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        rows::delete(&self.0, &hash(id)).await.map_err(backend)
    }
}
