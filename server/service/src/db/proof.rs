//! The proof, in debug and test builds, that each change was authorised and recorded in the audit log.
//!
//! What authorises and what records leaves a mark in the transaction (a setting that ends with it); the commit of a
//! requester's transaction that has written something fails without both. Release builds leave it out.

use innkeeper_domain::permission::Permission;
use sqlx::PgConnection;

const AUTHORISED: &str = "innkeeper.authorised";
const RECORDED: &str = "innkeeper.recorded";

/// Marks the transaction as authorised.
pub async fn authorised(conn: &mut PgConnection, permission: Permission) -> sqlx::Result<()> {
    mark(&mut *conn, AUTHORISED).await?;
    if permission.grant().recorded { Ok(()) } else { mark(conn, RECORDED).await }
}

/// Marks the transaction as recorded in the audit log.
pub async fn audited(conn: &mut PgConnection) -> sqlx::Result<()> {
    mark(conn, RECORDED).await
}

async fn mark(conn: &mut PgConnection, setting: &str) -> sqlx::Result<()> {
    if cfg!(debug_assertions) {
        sqlx::query("select set_config($1, 'on', true)").bind(setting).execute(conn).await?;
    }
    Ok(())
}

/// Fails where the transaction has written something without both marks.
pub(super) async fn check(conn: &mut PgConnection) -> sqlx::Result<()> {
    if !cfg!(debug_assertions) {
        return Ok(());
    }
    let (wrote, authorised, recorded): (bool, bool, bool) = sqlx::query_as(
        "select pg_current_xact_id_if_assigned() is not null, coalesce(current_setting($1, true), '') = 'on',
           coalesce(current_setting($2, true), '') = 'on'",
    )
    .bind(AUTHORISED)
    .bind(RECORDED)
    .fetch_one(conn)
    .await?;
    match (wrote, authorised, recorded) {
        (true, false, _) => Err(sqlx::Error::Protocol("a change that nothing authorised".into())),
        (true, _, false) => Err(sqlx::Error::Protocol("a change that is not in the audit log".into())),
        _ => Ok(()),
    }
}
