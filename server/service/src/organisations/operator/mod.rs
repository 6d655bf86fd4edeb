//! What whoever has the machine does about organisations: sees who is shut out, and opens all ways again.

use crate::{
    Error, Result,
    context::{
        audit::{self, Actor, Entry},
        field_error::{Field, FoundOrganisation, OrganisationCode},
    },
    db::paging::pattern,
};
use innkeeper_domain::{
    ids::{Ids, OrganisationId},
    organisation::OrganisationName,
};
use serde_json::json;
use sqlx::PgPool;
use time::OffsetDateTime;
use uuid::Uuid;

/// Organisations listed at once.
const MOST: i64 = 1000;
/// Organisations named to somebody whose name for one is several's.
const MOST_MEANT: i64 = 20;

/// An organisation, for the operator.
#[derive(Debug, Clone, serde::Serialize)]
pub struct OrganisationLine {
    /// The organisation.
    pub id: OrganisationId,
    /// Its name; others may have the same.
    pub name: String,
    /// How many people belong to it.
    pub members: i64,
    /// How many of them are its admins.
    pub admins: i64,
    /// How many databases it has, without those that are gone.
    pub databases: i64,
    /// Since when all ways but `open_ways` are closed; none where no way is.
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_since: Option<OffsetDateTime>,
    /// The short names of the ways that are open where others are closed, its own first.
    pub open_ways: Vec<String>,
}

/// An organisation that the operator wanted to be open to all ways.
#[derive(Debug, Clone)]
pub struct Opened {
    /// As it stood before.
    pub organisation: OrganisationLine,
    /// Whether ways were closed until now.
    pub was_closed: bool,
}

/// The organisations in whose names this text is, those with closed ways first, then by name; a thousand at most, and how
/// many there are in all.
pub async fn all(worker: &PgPool, search: &str) -> Result<(Vec<OrganisationLine>, i64)> {
    rows(worker, None, None, &pattern(search), MOST).await
}

/// Opens all ways again to an organisation. Open already is success. `who` is its id, or a name that no other has.
/// [`Error::NotFound`] where none is meant; a mistake that names them where several are.
pub async fn open(worker: &PgPool, ids: &Ids, who: &str) -> Result<Opened> {
    let organisation = find(worker, who).await?;
    let mut tx = worker.begin().await?;
    let closed = sqlx::query_scalar!(
        "select open_ways from organisation_identity where organisation_id = $1 and enforced_at is not null for update",
        organisation.id.0
    )
    .fetch_optional(&mut *tx)
    .await?;
    let Some(open) = closed else { return Ok(Opened { organisation, was_closed: false }) };
    sqlx::query!(
        "update organisation_identity set enforced_at = null, open_ways = '{}' where organisation_id = $1",
        organisation.id.0
    )
    .execute(&mut *tx)
    .await?;
    let entry = Entry {
        actor: Actor::Operator,
        address: None,
        action: "identity.release",
        subject: &organisation.name,
        organisation: Some(organisation.id),
        tenant: None,
        detail: json!({ "open": open }),
    };
    audit::record(&mut tx, ids, entry).await?;
    tx.commit().await?;
    Ok(Opened { organisation, was_closed: true })
}

/// The one that is meant. A text that is an id means no name: names are typed by customers.
async fn find(worker: &PgPool, who: &str) -> Result<OrganisationLine> {
    let (mut meant, total) = match (who.trim().parse::<OrganisationId>(), OrganisationName::parse(who)) {
        (Ok(id), _) => rows(worker, Some(id.0), None, "%", MOST_MEANT).await?,
        (Err(_), Ok(name)) => rows(worker, None, Some(name.as_str()), "%", MOST_MEANT).await?,
        (Err(_), Err(_)) => return Err(Error::NotFound),
    };
    if meant.len() > 1 {
        return Err(Error::rejected(Field::Organisation, several(&meant, total)));
    }
    meant.pop().ok_or(Error::NotFound)
}

fn several(meant: &[OrganisationLine], total: i64) -> OrganisationCode {
    let found = |one: &OrganisationLine| FoundOrganisation {
        id: one.id,
        databases: one.databases,
        enforced: one.closed_since.is_some(),
    };
    OrganisationCode::SeveralOrganisations { found: meant.iter().map(found).collect(), total }
}

async fn rows(
    worker: &PgPool,
    id: Option<Uuid>,
    name: Option<&str>,
    pattern: &str,
    most: i64,
) -> Result<(Vec<OrganisationLine>, i64)> {
    let rows = sqlx::query!(
        r#"select o.id, o.name, case when i.kind is not null then i.provider end as "provider?", i.enforced_at as "enforced_at?", i.open_ways as "open_ways?",
             (select count(*) from member m where m.organisation_id = o.id) as "members!",
             (select count(*) from member m where m.organisation_id = o.id and m.role = 'admin') as "admins!",
             (select count(*) from tenant t where t.organisation_id = o.id and t.state <> 'destroyed') as "databases!",
             count(*) over () as "total!"
           from organisation o left join organisation_identity i on i.organisation_id = o.id
           where ($1::uuid is null or o.id = $1) and ($2::text is null or lower(o.name) = lower($2)) and o.name ilike $3
           order by i.enforced_at is null, lower(o.name), o.id limit $4"#,
        id,
        name,
        pattern,
        most,
    )
    .fetch_all(worker)
    .await?;
    let total = rows.first().map_or(0, |row| row.total);
    let lines = rows.into_iter().map(|row| OrganisationLine {
        id: OrganisationId(row.id),
        name: row.name,
        members: row.members,
        admins: row.admins,
        databases: row.databases,
        closed_since: row.enforced_at,
        open_ways: match row.enforced_at {
            Some(_) => row.provider.into_iter().chain(row.open_ways.unwrap_or_default()).collect(),
            None => Vec::new(),
        },
    });
    Ok((lines.collect(), total))
}

#[cfg(test)]
mod tests;
