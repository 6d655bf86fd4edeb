use super::cursor;
use crate::{Error, Result, Service, store, visitor::Visitor};
use innkeeper_domain::tenant::TenantState;
use time::OffsetDateTime;
use uuid::Uuid;

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; none on the last one. Opaque.
    pub next: Option<String>,
    /// How many rows there are on all pages.
    pub total: i64,
}

impl<T> Page<T> {
    /// Makes a page of rows of which one more than `size` was asked for; `end` names a row's cursor.
    pub(crate) fn cut(mut items: Vec<T>, size: usize, total: i64, end: impl Fn(&T) -> String) -> Self {
        let more = items.len() > size;
        items.truncate(size);
        let next = items.last().filter(|_| more).map(end);
        Self { items, next, total }
    }
}

/// A tenant in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantLine {
    /// Its name.
    pub name: String,
    /// What its people call it.
    pub wish: String,
    /// Whose it is.
    pub organisation: String,
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
/// Longer than any name or organisation that could be found.
const LONGEST_SEARCH: usize = 100;

struct Row {
    id: Uuid,
    name: String,
    wish: String,
    organisation: String,
    state: String,
    plan_label: String,
    region_label: String,
    created_at: OffsetDateTime,
    unconfirmed: bool,
}

/// The tenants of all organisations of the visitor, 20 a page, without those that are gone.
///
/// `search` is looked for in names (which hold the wish) and organisations, without case. `sort` is `name`, else
/// the newest come first. `after` is [`Page::next`] of the page before; anything else leads to the first page.
pub async fn list(
    service: &Service,
    visitor: &Visitor,
    search: &str,
    sort: &str,
    after: &str,
) -> Result<Page<TenantLine>> {
    let mut tx = store::look_as_account(&service.pool, visitor.signed_in()?).await?;
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
            r#"select t.id, t.name, t.wish, o.name as organisation, t.state, p.label as plan_label, t.created_at,
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
            cursor::name(after),
            one_more(SIZE),
        )
        .fetch_all(&mut *tx)
        .await?
    } else {
        let (at, id) = cursor::time(after).unzip();
        sqlx::query_as!(
            Row,
            r#"select t.id, t.name, t.wish, o.name as organisation, t.state, p.label as plan_label, t.created_at,
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
        if by_name { cursor::by_name(&row.name) } else { cursor::by_time(row.created_at, row.id) }
    });
    let items = page.items.into_iter().map(TenantLine::try_from).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next, total })
}

/// One row more than a page has: tells whether there is a next one.
pub(crate) fn one_more(size: usize) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX - 1) + 1
}

/// The pattern of ILIKE that finds the text anywhere; what ILIKE would take for a sign of its own stands for itself.
pub(crate) fn pattern(search: &str) -> String {
    let mut pattern = String::from("%");
    // PostgreSQL's text has no NUL.
    for c in search.trim().chars().take(LONGEST_SEARCH).filter(|c| *c != '\0') {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
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
            plan_label: row.plan_label,
            region_label: row.region_label,
            created_at: row.created_at,
            unconfirmed: row.unconfirmed,
        })
    }
}
