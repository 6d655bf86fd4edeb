//! Mails on their way: rows written with the change that causes them, sent by a worker.

mod admins;
mod person;

pub use admins::{moment, to_admins};
pub(crate) use person::to_person;

use crate::Result;
use innkeeper_domain::{
    email::EmailAddress,
    ids::{Ids, MailId},
    mail::Message,
    ports::Sealer,
};
use sqlx::PgConnection;

/// What a mail is sealed for.
pub(crate) fn seal_context(id: MailId) -> String {
    format!("innkeeper outbox {id}")
}

/// Queues a mail in the caller's transaction. It is sealed until it was sent: it may hold a link that opens a door.
/// Tried for `hours`, then given up by name.
pub async fn queue(
    conn: &mut PgConnection,
    ids: &Ids,
    sealer: &dyn Sealer,
    to: &EmailAddress,
    message: &Message,
    hours: i32,
) -> Result<MailId> {
    let id: MailId = ids.make();
    let text = serde_json::to_string(message).map_err(|e| crate::Error::Corrupt(e.to_string()))?;
    let sealed = sealer.seal(text.as_bytes(), &seal_context(id));
    sqlx::query!(
        "insert into outbox (id, message_id, kind, recipient, key_id, sealed, give_up_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7))",
        id.0,
        format!("{id}@innkeeper"),
        message.kind(),
        to.to_string(),
        sealed.key_id,
        sealed.bytes,
        hours,
    )
    .execute(&mut *conn)
    .await?;
    crate::db::run_events::notify(conn, crate::db::run_events::Change::Mail).await?;
    Ok(id)
}
