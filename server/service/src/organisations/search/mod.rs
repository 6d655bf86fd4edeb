//! All organisations, for the operator: who is shut out, and which one is meant by an id or a name.

use crate::{
    Error, Result,
    context::{
        deps::Store,
        field_error::{Field, FoundOrganisation, OrganisationCode},
        requester::Requester,
    },
    db::paging::pattern,
};
use innkeeper_domain::{ids::OrganisationId, organisation::OrganisationName, permission::Permission};
use sqlx::PgConnection;
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

/// The organisations in whose names this text is, those with closed ways first, then by name; a thousand at most, and how
/// many there are in all.
pub async fn search(
    store: &Store,
    requester: &Requester,
    text: &str,
) -> Result<(Vec<OrganisationLine>, i64)> {
    let mut tx = requester.begin_read(&store.pool).await?;
    requester.authorize(&mut tx, Permission::OrganisationSearch).await?;
    rows(&mut tx, None, None, &pattern(text), MOST).await
}

/// The one that is meant by its id, or by a name that no other has. [`Error::NotFound`] where none is meant; a mistake that
/// names them where several are. A text that is an id means no name: names are typed by customers.
pub(crate) async fn find(conn: &mut PgConnection, who: &str) -> Result<OrganisationLine> {
    let (mut meant, total) = match (who.trim().parse::<OrganisationId>(), OrganisationName::parse(who)) {
        (Ok(id), _) => rows(conn, Some(id.0), None, "%", MOST_MEANT).await?,
        (Err(_), Ok(name)) => rows(conn, None, Some(name.as_str()), "%", MOST_MEANT).await?,
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
    conn: &mut PgConnection,
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
    .fetch_all(conn)
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
