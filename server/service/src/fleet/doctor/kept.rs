//! What the portal itself keeps: sealed secrets, reserved places and backups.

use super::orphan::Orphan;
use crate::Result;
use innkeeper_domain::{ids::BackupId, orphan::OrphanKind, ports::Backups};
use sqlx::PgPool;
use std::collections::BTreeSet;

/// Sealed passwords that no handoff and no run is waiting for, and keys of backups that are not there.
pub async fn secrets(pool: &PgPool) -> Result<Vec<Orphan>> {
    let rows = sqlx::query!(
        r#"select t.name, s.purpose from sealed_secret s join tenant t on t.id = s.tenant_id
           where case when s.purpose like 'backup key %'
               then not exists (select from backup b where s.purpose = 'backup key bk_' || replace(b.id::text, '-', ''))
               else not exists (select from handoff h where h.tenant_id = t.id and h.state in ('sealed', 'open')) end
             and not exists (select from live_run r where r.tenant_id = t.id)
           order by t.name, s.purpose"#
    )
    .fetch_all(pool)
    .await?;
    let orphan = |tenant: String, purpose: String| {
        let what = format!("the sealed {purpose} of {tenant} is kept for nobody");
        Orphan::surplus(OrphanKind::Secret, format!("{tenant}/{purpose}"), what, "control database")
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
    let known = |id: &BackupId| before.iter().chain(&after).any(|row| row.id == *id);
    let place = "backups";
    let stranger = |id: &BackupId| {
        let what = format!("backup {id} belongs to no tenant");
        Orphan::surplus(OrphanKind::Backup, id.to_string(), what, place)
    };
    let mut found: Vec<_> = files.iter().filter(|id| !known(id)).map(stranger).collect();
    for row in after.iter().filter(|row| row.taken && before.contains(row)) {
        let mut lacks = |what: &str, advice| {
            let what = format!("the backup {} of {} has no {what}", row.id, row.tenant);
            found.push(Orphan::missing(OrphanKind::Backup, row.id.to_string(), what, place, advice));
        };
        if !files.contains(&row.id) {
            lacks(
                "file",
                "Put it back from a copy of the data folder; it may be all there is of that database.",
            );
        }
        if !row.has_key {
            lacks("key", "It cannot be read. Put the control database's row back from its backup.");
        }
    }
    Ok(Ok(found))
}

/// Places on a server that are reserved for a tenant which is not there and is not being made.
pub async fn places(pool: &PgPool) -> Result<Vec<Orphan>> {
    let names = sqlx::query_scalar!(
        "select t.name from reservation r join tenant t on t.id = r.tenant_id
         where t.state not in ('active', 'suspended', 'destroying') and not exists (select from live_run r
           where r.tenant_id = t.id) order by t.name"
    )
    .fetch_all(pool)
    .await?;
    let orphan = |name: String| {
        let what = format!("a place on a server is reserved for {name}, which is not there");
        Orphan::surplus(OrphanKind::Reservation, name, what, "control database")
    };
    Ok(names.into_iter().map(orphan).collect())
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
