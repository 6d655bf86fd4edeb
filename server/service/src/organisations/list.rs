//! The organisations of a person.

use super::view::stored;
use crate::{
    Error, Result, Service,
    context::requester::Requester,
    db::paging::{self, Page, one_more, pattern},
};
use innkeeper_domain::{organisation::MemberRole, organisation_slug::OrganisationSlug};
use time::OffsetDateTime;
use uuid::Uuid;

/// An organisation in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationLine {
    /// Its name; others may have the same.
    pub name: String,
    /// Its slug, which no other has.
    pub slug: OrganisationSlug,
    /// What the requester may do there.
    pub role: MemberRole,
    /// How many databases it has, without those that are gone.
    pub databases: i64,
}

const SIZE: usize = 20;

struct Row {
    id: Uuid,
    name: String,
    slug: String,
    role: String,
    databases: i64,
    created_at: OffsetDateTime,
}

/// The organisations of the requester that open to the way they came by, 20 a page.
///
/// `search` is looked for in names and slugs, without case. `sort` is `name` for the order of slugs, which are drawn from
/// names, else the newest come first. `after` is [`Page::next`] of the page before; anything else leads to the first page.
pub async fn list(
    service: &Service,
    requester: &Requester,
    search: &str,
    sort: &str,
    after: &str,
) -> Result<Page<OrganisationLine>> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin_read(&service.pool).await?;
    let pattern = pattern(search);
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from organisation o
             join member m on m.organisation_id = o.id and m.account_id = $2
           where o.name ilike $1 or o.slug ilike $1"#,
        pattern,
        person.id.0,
    )
    .fetch_one(&mut *tx)
    .await?;
    let by_name = sort == "name";
    let slug = after.strip_prefix("s.").and_then(|slug| OrganisationSlug::parse(slug).ok());
    let (at, id) = paging::time(after).unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select o.id, o.name, o.slug, m.role, o.created_at,
             (select count(*) from tenant t where t.organisation_id = o.id and t.state <> 'destroyed') as "databases!"
           from organisation o join member m on m.organisation_id = o.id and m.account_id = $2
           where (o.name ilike $1 or o.slug ilike $1)
             and (not $3 or $4::text is null or o.slug > $4)
             and ($3 or $5::timestamptz is null or (o.created_at, o.id) < ($5, $6::uuid))
           order by case when $3 then o.slug end, o.created_at desc, o.id desc limit $7"#,
        pattern,
        person.id.0,
        by_name,
        slug.as_ref().map(OrganisationSlug::as_str),
        at,
        id,
        one_more(SIZE),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::cut(rows, SIZE, total, |row| {
        if by_name { format!("s.{}", row.slug) } else { paging::by_time(row.created_at, row.id) }
    });
    let items = page.items.into_iter().map(OrganisationLine::try_from).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next, total })
}

impl TryFrom<Row> for OrganisationLine {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            role: MemberRole::parse(&row.role).ok_or_else(|| Error::corrupt("member role", &row.role))?,
            name: row.name,
            slug: stored(row.slug)?,
            databases: row.databases,
        })
    }
}
