//! Sessions of a tenant that the watchdog ended.

use super::{TenantView, known};
use crate::{Result, Service, context::requester::Requester};
use innkeeper_domain::{ended_sessions::EndReason, tenant::TenantRole};
use time::OffsetDateTime;

/// Sessions of a tenant's role that were ended within the last day for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedLine {
    /// As which role they had signed in.
    pub role: TenantRole,
    /// The rule by which they were ended.
    pub reason: EndReason,
    /// Number of sessions within the day.
    pub sessions: i64,
    /// The last of them.
    pub last_at: OffsetDateTime,
}

/// What was ended of a tenant within the last day, newest first.
pub async fn ended_lately(
    service: &Service,
    requester: &Requester,
    tenant: &TenantView,
) -> Result<Vec<EndedLine>> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let rows = sqlx::query!(
        r#"select role, reason, sum(sessions)::bigint as "sessions!", max(last_at) as "last_at!" from ended_session
           where tenant_id = $1 and last_at > now() - interval '1 day' group by 1, 2 order by 4 desc, 1, 2"#,
        tenant.id.0
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let line = |row: (String, String, i64, OffsetDateTime)| {
        Ok(EndedLine {
            role: known("tenant role", row.0, TenantRole::parse)?,
            reason: known("reason of an end", row.1, EndReason::parse)?,
            sessions: row.2,
            last_at: row.3,
        })
    };
    rows.into_iter().map(|row| line((row.role, row.reason, row.sessions, row.last_at))).collect()
}
