use super::StartError;
use innkeeper_adapters::embedded::bootstrap::OWNER_ROLE;
use innkeeper_service::db::MIGRATIONS;
use sqlx::{PgConnection, migrate::Migrate as _};

/// How many migrations ran on this database, none where it is new. Makes nothing: another portal may be at it.
pub(super) async fn migrations_that_ran(owner: &mut PgConnection) -> Result<usize, StartError> {
    let table = &MIGRATIONS.table_name;
    let asked = |source| StartError::Connect { role: OWNER_ROLE, source };
    let there: bool = sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL")
        .bind(&**table)
        .fetch_one(&mut *owner)
        .await
        .map_err(asked)?;
    Ok(if there { owner.list_applied_migrations(table).await?.len() } else { 0 })
}
