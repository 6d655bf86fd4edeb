use super::{Ground, find, record};
use crate::{Error, Result, context::audit::Action, db::transition, fleet::capacity};
use innkeeper_domain::{
    capacity::Claim,
    ids::{OrganisationId, TenantId},
    name::TenantName,
    orphan::OrphanKind,
    plan::Limits,
    transition::Transition,
};

/// Gives a database to its tenant again, which was recorded as failed or destroyed although its database is there with
/// all its roles. The tenant is suspended then: nobody gets in before an admin resumes it. Room is not asked for, since
/// it is taken already.
///
/// [`Error::NotFound`] for what is no orphan at that moment; [`Error::Step`] says why it cannot be adopted.
pub async fn adopt(ground: &Ground, kind: OrphanKind, name: &str) -> Result<()> {
    if let Some(why) = kind.not_adopted() {
        return Err(Error::Step(why.into()));
    }
    find(ground, kind, name).await?;
    let tenant =
        TenantName::parse(name).map_err(|_| Error::Step("It is not named as a tenant is.".into()))?;
    for (id, server) in ground.servers.all() {
        if !server.standings().await?.contains_key(&tenant) {
            continue;
        }
        let mut session = server.lock(&tenant).await?;
        // Looked at again: whatever makes or changes the tenant from here on waits for the lock.
        let orphan = find(ground, kind, name).await?;
        let whole = server
            .standings()
            .await?
            .get(&tenant)
            .is_some_and(|standing| standing.roles.iter().all(|(_, role)| role.is_some()));
        if !whole {
            return Err(Error::Step(format!(
                "Not all roles of {tenant} are there: it cannot be used any more."
            )));
        }
        let row = sqlx::query!(
            "select t.id, t.organisation_id, p.limits from tenant t
             join plan p on p.name = t.plan_name and p.version = t.plan_version
             where t.name = $1 and t.state in ('failed', 'destroyed')",
            name
        )
        .fetch_optional(&ground.pool)
        .await?
        .ok_or_else(|| {
            Error::Step(format!(
                "The control database knows no tenant {tenant} that failed or was deleted: it has no owner."
            ))
        })?;
        session.cut_off().await?;
        session.set_closed(false).await?;
        let limits: Limits =
            serde_json::from_value(row.limits).map_err(|what| Error::corrupt("limits of plan", what))?;
        let whose = (OrganisationId(row.organisation_id), TenantId(row.id));
        let mut tx = ground.pool.begin().await?;
        let busy = sqlx::query_scalar!(
            r#"select exists (select from live_run where tenant_id = $1) as "busy!" from tenant where id = $1 for no key update"#,
            row.id
        );
        if busy.fetch_one(&mut *tx).await? {
            return Err(Error::NotFound);
        }
        match transition(&mut tx, whose.1, Transition::Adopted).await {
            Err(error) if Error::breaks(&error, "tenant_wish") => {
                return Err(Error::Step(
                    "Its organisation has another database of the same name by now: that one has to go first.".into(),
                ));
            }
            Ok(false) => return Err(Error::NotFound),
            Ok(true) => {}
            Err(error) => return Err(error.into()),
        }
        capacity::keep(&mut tx, whose, id, Claim::of(&limits)).await?;
        sqlx::query!(
            "insert into hba_rule (tenant_id, organisation_id, server_id) values ($1, $2, $3) on conflict do nothing",
            row.id,
            row.organisation_id,
            id.0,
        )
        .execute(&mut *tx)
        .await?;
        record(ground, &mut tx, Action::OrphanAdopt, &orphan, Some(&tenant)).await?;
        tx.commit().await?;
        return ground.rules.apply(id).await.map_err(|error| Error::Step(error.to_string()));
    }
    Err(Error::NotFound)
}
