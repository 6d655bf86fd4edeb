//! Who lost the lease of a run changes nothing of it any more.

use super::step::RunRow;
use sqlx::PgConnection;

/// Whether the run is held under this row's token; in a transaction it stays so until its end.
pub async fn holds(conn: &mut PgConnection, run: &RunRow) -> sqlx::Result<bool> {
    let held = sqlx::query_scalar!(
        "select true from run where id = $1 and lease_token = $2 and lease_until > now() for update",
        run.id.0,
        run.token
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}
