use crate::people::staff_roles::read;
use crate::{
    Result, Service,
    context::requester::Requester,
    db::paging::{self, Page, one_more, pattern},
};
use innkeeper_domain::{ids::AccountId, permission::Permission, staff::StaffRole};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

const SIZE: usize = 20;

/// By what somebody is staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum How {
    /// By a link.
    Link(StaffRole),
    /// By a group.
    Group {
        /// What it makes of them.
        role: StaffRole,
        /// The short name of the provider whose group it is.
        provider: String,
        /// What people call the provider; none where it makes nobody staff any more.
        label: Option<String>,
    },
}

impl How {
    /// What it makes of them; none where it holds no longer.
    fn role(&self) -> Option<StaffRole> {
        match self {
            Self::Link(role) | Self::Group { role, label: Some(_), .. } => Some(*role),
            Self::Group { label: None, .. } => None,
        }
    }
}

/// One of the staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLine {
    /// The account.
    pub account: AccountId,
    /// Its address.
    pub email: String,
    /// What they are called.
    pub name: Option<String>,
    /// The highest of their roles that hold; none where none does.
    pub role: Option<StaffRole>,
    /// By what, the oldest first.
    pub how: Vec<How>,
    /// Since when.
    pub since: OffsetDateTime,
    /// When they were last seen, as far as it is known.
    pub seen: Option<OffsetDateTime>,
}

pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) email: String,
    key: String,
    pub(super) name: Option<String>,
    pub(super) roles: Vec<String>,
    /// The empty text for a link.
    pub(super) providers: Vec<String>,
    pub(super) since: OffsetDateTime,
    pub(super) seen: Option<OffsetDateTime>,
}

/// The staff, 20 a page, for staff only.
///
/// `search` is looked for in names and addresses, without case. `sort` is `address`, else the newest come first. `after`
/// is [`Page::next`] of the page before; anything else leads to the first page.
pub async fn list(
    service: &Service,
    requester: &Requester,
    search: &str,
    sort: &str,
    after: &str,
) -> Result<Page<StaffLine>> {
    let mut tx = requester.begin_read(&service.pool).await?;
    requester.authorize(&mut tx, Permission::StaffView).await?;
    let pattern = pattern(search);
    let total = sqlx::query_scalar!(
        r#"select count(*) as "total!" from account a where exists (select from staff s where s.account_id = a.id)
             and (a.email ilike $1 or a.name ilike $1)"#,
        pattern
    )
    .fetch_one(&mut *tx)
    .await?;
    let order = if sort == "address" { Order::Address } else { Order::Newest };
    let rows = rows(&mut tx, &pattern, order, after, one_more(SIZE)).await?;
    let page = Page::cut(rows, SIZE, total, |row| match order {
        Order::Address => paging::by_text(&row.key, row.id),
        Order::Newest => paging::by_time(row.since, row.id),
    });
    let items = page.items.into_iter().map(|row| line(service, row)).collect::<Result<_>>()?;
    Ok(Page { items, next: page.next, total })
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Newest,
    Address,
}

/// The people with their roles; at most so many.
pub(super) async fn rows(
    conn: &mut PgConnection,
    pattern: &str,
    order: Order,
    after: &str,
    most: i64,
) -> Result<Vec<Row>> {
    let by_address = order == Order::Address;
    let (at, at_id) = paging::time(after).filter(|_| !by_address).unzip();
    let (key, key_id) = paging::text(after).filter(|_| by_address).unzip();
    Ok(sqlx::query_as!(
        Row,
        r#"select a.id, a.email, a.email_key as key, a.name, g.roles as "roles!", g.providers as "providers!",
             g.since as "since!",
             (select max(seen) from (select last_seen_at as seen from session where account_id = a.id
               union all select used_at from identity where account_id = a.id) as known) as seen
           from account a join (
               select account_id, min(created_at) as since, array_agg(role order by created_at) as roles,
                 array_agg(coalesce(provider, '') order by created_at) as providers
               from staff group by account_id) g on g.account_id = a.id
           where (a.email ilike $1 or a.name ilike $1)
             and ($2::timestamptz is null or g.since < $2 or g.since = $2 and a.id > $3)
             and ($4::text is null or (a.email_key, a.id) > ($4, $5))
           order by case when $6 then a.email_key end, case when $6 then null else g.since end desc, a.id
           limit $7"#,
        pattern,
        at,
        at_id,
        key,
        key_id,
        by_address,
        most,
    )
    .fetch_all(conn)
    .await?)
}

fn line(service: &Service, row: Row) -> Result<StaffLine> {
    let label = |provider: &str| {
        let known = service.providers.get(provider).filter(|known| !known.staff_groups.is_empty());
        known.map(|known| known.label.clone())
    };
    let how = row.roles.iter().zip(row.providers).map(|(role, provider)| {
        let role = read(role)?;
        Ok(match provider.as_str() {
            "" => How::Link(role),
            _ => How::Group { role, label: label(&provider), provider },
        })
    });
    let how = how.collect::<Result<Vec<_>>>()?;
    Ok(StaffLine {
        account: AccountId(row.id),
        email: row.email,
        name: row.name,
        role: how.iter().filter_map(How::role).max(),
        how,
        since: row.since,
        seen: row.seen,
    })
}
