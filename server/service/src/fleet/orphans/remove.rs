use super::{Ground, find, record, tenant_of};
use crate::{Error, Result, context::audit::Action, fleet::doctor::Orphan};
use innkeeper_domain::{
    ids::{BackupId, ServerId},
    name::TenantName,
    orphan::OrphanKind,
    ports::{ServerError, Stray, TenantServer},
};
use std::sync::Arc;

/// Removes an orphan for good. [`Error::NotFound`] for what is none at that moment; [`Error::Step`] says why something
/// cannot be removed, and what to do instead.
pub async fn remove(ground: &Ground, kind: OrphanKind, name: &str) -> Result<()> {
    let orphan = find(ground, kind, name).await?;
    match kind {
        OrphanKind::Database | OrphanKind::Role | OrphanKind::Membership | OrphanKind::Setting => {
            on_server(ground, &orphan).await
        }
        OrphanKind::Rule => rule(ground, &orphan).await,
        OrphanKind::Process => Err(Error::Step(
            "A definition under way is not ended from here: it ends by itself. Look again in a minute."
                .into(),
        )),
        OrphanKind::Secret | OrphanKind::Reservation => kept(ground, &orphan).await,
        OrphanKind::Backup => backup(ground, &orphan).await,
        // They are not looked for here: whoever has the data folder removes them.
        OrphanKind::File | OrphanKind::Certificate => Err(Error::NotFound),
    }
}

/// By whose name the lock is taken.
fn whose(orphan: &Orphan) -> Option<TenantName> {
    match &orphan.stray {
        // A database is a tenant's only by its whole name.
        None if orphan.kind == OrphanKind::Database => TenantName::parse(&orphan.name).ok(),
        None => tenant_of(&orphan.name),
        Some(Stray::Membership { group, member }) => tenant_of(member).or_else(|| tenant_of(group)),
        Some(Stray::Setting { database, role, .. }) => tenant_of(database).or_else(|| tenant_of(role)),
    }
}

/// The server that an orphan is on.
fn server_of(ground: &Ground, orphan: &Orphan) -> Result<(ServerId, Arc<dyn TenantServer>)> {
    let at = |server: &dyn TenantServer| {
        let endpoint = server.endpoint();
        format!("server {}:{}", endpoint.host, endpoint.port)
    };
    let mut all = ground.servers.all().into_iter();
    all.find(|(_, server)| at(&**server) == orphan.place).ok_or(Error::NotFound)
}

async fn on_server(ground: &Ground, seen: &Orphan) -> Result<()> {
    let Some(tenant) = whose(seen) else {
        return Err(Error::Step(format!(
            "{} is not named as a tenant's things are, so this program does not remove it. As superuser, by hand.",
            seen.name
        )));
    };
    let (_, server) = server_of(ground, seen)?;
    let mut session = server.lock(&tenant).await?;
    // Looked at again: whatever makes or changes the tenant from here on waits for the lock.
    let orphan = find(ground, seen.kind, &seen.name).await?;
    let mut conn = ground.pool.acquire().await?;
    // Before it is done: what is done is recorded in any case.
    record(ground, &mut conn, Action::OrphanRemove, &orphan, Some(&tenant)).await?;
    let done = match (&orphan.stray, orphan.kind) {
        (Some(stray), _) => server.remove_stray(stray).await,
        (None, OrphanKind::Database) => session.drop_database().await,
        (None, _) => session.drop_roles().await,
    };
    if let Err(error) = done {
        record(ground, &mut conn, Action::OrphanRemoveFailed, &orphan, Some(&tenant)).await?;
        return Err(match error {
            // The operator may know whose it is.
            ServerError::Blocked { doing, by } => Error::Step(format!("{doing}: waiting for {by}")),
            error => error.into(),
        });
    }
    Ok(())
}

/// Writes the rules anew, without those of a tenant that is not there.
async fn rule(ground: &Ground, orphan: &Orphan) -> Result<()> {
    let (id, _) = server_of(ground, orphan)?;
    let mut tx = ground.pool.begin().await?;
    sqlx::query!(
        "delete from hba_rule r using tenant t where t.id = r.tenant_id and t.name = $1
           and t.state not in ('active', 'suspended', 'destroying') and not exists (select from live_run run
             where run.tenant_id = t.id)",
        orphan.name
    )
    .execute(&mut *tx)
    .await?;
    record(ground, &mut tx, Action::OrphanRemove, orphan, tenant_of(&orphan.name).as_ref()).await?;
    tx.commit().await?;
    ground.rules.apply(id).await.map_err(|error| Error::Step(error.to_string()))?;
    match find(ground, orphan.kind, &orphan.name).await {
        Err(Error::NotFound) => Ok(()),
        Ok(still) => Err(Error::Step(format!(
            "{}, and not in the portal's block: it is your own. Remove it by hand.",
            still.what
        ))),
        Err(error) => Err(error),
    }
}

/// Removes a row that is kept for nobody, if nothing has come to need it since it was looked for.
async fn kept(ground: &Ground, orphan: &Orphan) -> Result<()> {
    let (tenant, purpose) = orphan.name.split_once('/').unwrap_or((&orphan.name, ""));
    let name = TenantName::parse(tenant).map_err(|_| Error::corrupt("tenant name", tenant))?;
    let mut tx = ground.pool.begin().await?;
    // Nothing starts for the tenant until this ends.
    let free = sqlx::query_scalar!(
        "select t.id from tenant t where t.name = $1 and not exists (select from live_run r
           where r.tenant_id = t.id) for update of t",
        tenant
    );
    let id = free.fetch_optional(&mut *tx).await?.ok_or(Error::NotFound)?;
    // In a statement after the wait for the row: whoever held it may have started something.
    let busy =
        sqlx::query_scalar!(r#"select exists (select from live_run where tenant_id = $1) as "busy!""#, id);
    if busy.fetch_one(&mut *tx).await? {
        return Err(Error::NotFound);
    }
    let removed = if orphan.kind == OrphanKind::Secret {
        sqlx::query!(
            "delete from sealed_secret s where s.tenant_id = $1 and s.purpose = $2 and case
               when s.purpose like 'backup key %'
                 then not exists (select from backup b where s.purpose = 'backup key bk_' || replace(b.id::text, '-', ''))
               else not exists (select from handoff h where h.tenant_id = $1 and h.state in ('sealed', 'open')) end",
            id,
            purpose
        )
        .execute(&mut *tx)
        .await?
    } else {
        sqlx::query!(
            "delete from reservation r using tenant t where r.tenant_id = $1 and t.id = $1
               and t.state not in ('active', 'suspended', 'destroying')",
            id
        )
        .execute(&mut *tx)
        .await?
    };
    if removed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    record(ground, &mut tx, Action::OrphanRemove, orphan, Some(&name)).await?;
    Ok(tx.commit().await?)
}

async fn backup(ground: &Ground, orphan: &Orphan) -> Result<()> {
    let (Some(backups), Ok(id)) = (&ground.backups, orphan.name.parse::<BackupId>()) else {
        return Err(Error::NotFound);
    };
    let mut conn = ground.pool.acquire().await?;
    record(ground, &mut conn, Action::OrphanRemove, orphan, None).await?;
    backups.remove(id).await.map_err(|error| Error::Step(error.to_string()))
}
