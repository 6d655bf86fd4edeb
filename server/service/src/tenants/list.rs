use super::known;
use crate::{
    Error, Result, Service,
    context::requester::Requester,
    db::paging::{self, Page, one_more, pattern},
};
use innkeeper_domain::{ids::OrganisationId, organisation_slug::OrganisationSlug, tenant::TenantState};
use time::OffsetDateTime;
use uuid::Uuid;

/// A tenant in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLine {
    /// Its name.
    pub name: String,
    /// What its people call it.
    pub wish: String,
    /// Whose it is.
    pub organisation: String,
    /// What stands for whose it is in addresses.
    pub organisation_slug: OrganisationSlug,
    /// Where it stands.
    pub state: TenantState,
    /// Its plan, for people.
    pub plan_label: String,
    /// Its region, for people.
    pub region_label: String,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// Nobody has said yet that its newest passwords are saved.
    pub unconfirmed: bool,
}

const SIZE: usize = 20;

struct Row {
    id: Uuid,
    name: String,
    wish: String,
    organisation: String,
    organisation_slug: String,
    state: String,
    plan_label: String,
    region_label: String,
    created_at: OffsetDateTime,
    unconfirmed: bool,
}

/// The tenants of all organisations of the requester, 20 a page, without those that are gone.
///
/// `search` is looked for in names (which hold the wish) and organisations, without case. `sort` is `name`, else
/// the newest come first. `after` is [`Page::next`] of the page before; anything else leads to the first page.
pub async fn list(
    service: &Service,
    requester: &Requester,
    search: &str,
    sort: &str,
    after: &str,
) -> Result<Page<TenantLine>> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let pattern = pattern(search);
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from tenant t join organisation o on o.id = t.organisation_id
           where t.state <> 'destroyed' and (t.name ilike $1 or o.name ilike $1)"#,
        pattern
    )
    .fetch_one(&mut *tx)
    .await?;
    let by_name = sort == "name";
    let rows = if by_name {
        sqlx::query_as!(
            Row,
            r#"select t.id, t.name, t.wish, o.name as organisation, o.slug as organisation_slug, t.state, p.label as plan_label, t.created_at,
                 coalesce((select s.region_label from server s where s.region = t.region order by s.name limit 1),
                     t.region) as "region_label!",
                 coalesce((select h.state not in ('confirmed', 'revoked') from handoff h where h.tenant_id = t.id
                     order by h.created_at desc, h.id desc limit 1), false) as "unconfirmed!"
               from tenant t join organisation o on o.id = t.organisation_id
                 join plan p on p.name = t.plan_name and p.version = t.plan_version
               where t.state <> 'destroyed' and (t.name ilike $1 or o.name ilike $1)
                 and ($2::text is null or t.name > $2)
               order by t.name limit $3"#,
            pattern,
            paging::name(after),
            one_more(SIZE),
        )
        .fetch_all(&mut *tx)
        .await?
    } else {
        let (at, id) = paging::time(after).unzip();
        sqlx::query_as!(
            Row,
            r#"select t.id, t.name, t.wish, o.name as organisation, o.slug as organisation_slug, t.state, p.label as plan_label, t.created_at,
                 coalesce((select s.region_label from server s where s.region = t.region order by s.name limit 1),
                     t.region) as "region_label!",
                 coalesce((select h.state not in ('confirmed', 'revoked') from handoff h where h.tenant_id = t.id
                     order by h.created_at desc, h.id desc limit 1), false) as "unconfirmed!"
               from tenant t join organisation o on o.id = t.organisation_id
                 join plan p on p.name = t.plan_name and p.version = t.plan_version
               where t.state <> 'destroyed' and (t.name ilike $1 or o.name ilike $1)
                 and ($2::timestamptz is null or (t.created_at, t.id) < ($2, $3::uuid))
               order by t.created_at desc, t.id desc limit $4"#,
            pattern,
            at,
            id,
            one_more(SIZE),
        )
        .fetch_all(&mut *tx)
        .await?
    };
    tx.commit().await?;
    let page = Page::cut(rows, SIZE, total, |row| {
        if by_name { paging::by_name(&row.name) } else { paging::by_time(row.created_at, row.id) }
    });
    let items = page.items.into_iter().map(TenantLine::try_from).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next, total })
}

impl TryFrom<Row> for TenantLine {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            state: TenantState::parse(&row.state)
                .ok_or_else(|| Error::corrupt("tenant state", &row.state))?,
            name: row.name,
            wish: row.wish,
            organisation: row.organisation,
            organisation_slug: known("slug", row.organisation_slug, |slug| {
                OrganisationSlug::parse(slug).ok()
            })?,
            plan_label: row.plan_label,
            region_label: row.region_label,
            created_at: row.created_at,
            unconfirmed: row.unconfirmed,
        })
    }
}

/// Most databases of an organisation that its own page lists; the list of all databases has the others.
const OF_ORGANISATION: i64 = 50;

/// The newest databases of an organisation of the requester's, 50 at most, without those that are gone; and how many there
/// are in all.
pub async fn of_organisation(
    service: &Service,
    requester: &Requester,
    organisation: OrganisationId,
) -> Result<(Vec<TenantLine>, i64)> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from tenant where organisation_id = $1 and state <> 'destroyed'"#,
        organisation.0
    )
    .fetch_one(&mut *tx)
    .await?;
    let rows = sqlx::query_as!(
        Row,
        r#"select t.id, t.name, t.wish, o.name as organisation, o.slug as organisation_slug, t.state, p.label as plan_label,
             t.created_at,
             coalesce((select s.region_label from server s where s.region = t.region order by s.name limit 1),
                 t.region) as "region_label!",
             coalesce((select h.state not in ('confirmed', 'revoked') from handoff h where h.tenant_id = t.id
                 order by h.created_at desc, h.id desc limit 1), false) as "unconfirmed!"
           from tenant t join organisation o on o.id = t.organisation_id
             join plan p on p.name = t.plan_name and p.version = t.plan_version
           where t.organisation_id = $1 and t.state <> 'destroyed'
           order by t.created_at desc, t.id desc limit $2"#,
        organisation.0,
        OF_ORGANISATION,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((rows.into_iter().map(TenantLine::try_from).collect::<Result<_>>()?, total))
}
