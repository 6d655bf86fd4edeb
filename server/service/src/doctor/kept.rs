//! What the portal itself keeps: sealed secrets and backups.

use super::Orphan;
use crate::Result;
use innkeeper_domain::{ids::BackupId, ports::Backups};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// Sealed passwords that no handoff and no run is waiting for, and keys of backups that are not there.
pub async fn secrets(pool: &PgPool) -> Result<Vec<Orphan>> {
    let rows = sqlx::query!(
        r#"select t.name, s.purpose from sealed_secret s join tenant t on t.id = s.tenant_id
           where case when s.purpose like 'backup key %'
               then not exists (select from backup b where s.purpose = 'backup key bk_' || replace(b.id::text, '-', ''))
               else not exists (select from handoff h where h.tenant_id = t.id and h.state in ('sealed', 'open')) end
             and not exists (select from run r where r.tenant_id = t.id and r.state in ('running', 'unwinding', 'stuck'))
           order by t.name, s.purpose"#
    )
    .fetch_all(pool)
    .await?;
    let orphan = |name: String, purpose: String| Orphan {
        what: format!("the sealed {purpose} of {name} is kept for nobody"),
        place: "control database".into(),
        advice: format!(
            "Remove it: DELETE FROM sealed_secret WHERE purpose = '{purpose}' AND tenant_id = (SELECT id FROM tenant WHERE name = '{name}')"
        ),
    };
    Ok(rows.into_iter().map(|row| orphan(row.name, row.purpose)).collect())
}

/// Files that no row names, and rows whose file or key is not there. A backup that is being taken is left out.
pub async fn backups(
    pool: &PgPool,
    backups: &dyn Backups,
) -> Result<std::result::Result<Vec<Orphan>, innkeeper_domain::ports::BackupError>> {
    // Read before and after the folder: what comes or goes meanwhile is in one of them.
    let before = rows(pool).await?;
    let files: BTreeSet<_> = match backups.list().await {
        Ok(files) => files.into_iter().collect(),
        Err(error) => return Ok(Err(error)),
    };
    let after = rows(pool).await?;
    let orphan = |what, advice: &str| Orphan { what, place: "backups".into(), advice: advice.into() };
    let known = |id: &BackupId| before.iter().chain(&after).any(|row| row.id == *id);
    let mut found: Vec<_> = files
        .iter()
        .filter(|id| !known(id))
        .map(|id| {
            orphan(
                format!("backup {id} belongs to no tenant"),
                "Nobody has its key. If nobody needs it, remove the file.",
            )
        })
        .collect();
    for row in after.iter().filter(|row| row.taken && before.contains(row)) {
        if !files.contains(&row.id) {
            found.push(orphan(
                format!("the backup {} of {} has no file", row.id, row.tenant),
                "Put it back from a copy of the data folder; it may be all there is of that database.",
            ));
        }
        if !row.has_key {
            found.push(orphan(
                format!("the backup {} of {} has no key", row.id, row.tenant),
                "It cannot be read. Put the control database's row back from its backup.",
            ));
        }
    }
    Ok(Ok(found))
}

#[derive(PartialEq, Eq)]
struct Row {
    id: BackupId,
    tenant: String,
    taken: bool,
    has_key: bool,
}

async fn rows(pool: &PgPool) -> Result<Vec<Row>> {
    let rows = sqlx::query!(
        r#"select b.id, t.name, b.bytes is not null as "taken!", exists (select from sealed_secret s
             where s.tenant_id = t.id and s.purpose = 'backup key bk_' || replace(b.id::text, '-', '')) as "has_key!"
           from backup b join tenant t on t.id = b.tenant_id
           where not exists (select from run r where r.tenant_id = t.id and r.state in ('running', 'unwinding'))"#
    )
    .fetch_all(pool)
    .await?;
    let row = |id, tenant, taken, has_key| Row { id: BackupId(id), tenant, taken, has_key };
    Ok(rows.into_iter().map(|r| row(r.id, r.name, r.taken, r.has_key)).collect())
}
