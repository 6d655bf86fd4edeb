//! The staff as the operator manages them: the first invite link, further links, who is staff, and who no longer.

use super::{
    claim::token_hash,
    list::{Order, rows},
};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        deps::Store,
        field_error::{Field, SignInCode},
        requester::Requester,
    },
    people::{
        session::{Ending, end},
        staff_roles::StaffWays,
    },
};
use innkeeper_domain::{
    email::EmailAddress,
    ids::{AccountId, StaffClaimId},
    password::draw_token,
    permission::Permission,
    routes::Page,
    secret::Secret,
    staff::StaffRole,
};
use serde_json::json;
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;

/// People listed at once.
const MOST: i64 = 1000;

/// A link by which one person becomes staff, once.
#[derive(Debug)]
pub struct Link {
    /// What stands in its address. Kept nowhere.
    pub token: Secret,
    /// What it makes of them.
    pub role: StaffRole,
    /// Until when it works: 24 hours.
    pub until: OffsetDateTime,
}

impl Link {
    /// Its address at a portal.
    pub fn address(&self, public_url: &str) -> String {
        Page::StaffClaim.with("token", self.token.expose()).absolute(public_url)
    }
}

/// Makes a link to a staff role.
pub async fn add(store: &Store, requester: &Requester, role: StaffRole) -> Result<Link> {
    let mut tx = requester.begin(&store.pool).await?;
    requester.authorize(&mut tx, Permission::StaffManage).await?;
    let link = make(store, requester, &mut tx, role).await?;
    tx.commit().await?;
    Ok(link)
}

/// Makes the link of the first of the staff, an approver: where nobody is staff, nobody can become staff by a group, and
/// no link waits. Of portals that start at once one makes it.
pub async fn first(service: &Service, worker: &PgPool) -> Result<Option<Link>> {
    if !StaffWays::of(service).groups.is_empty() {
        return Ok(None);
    }
    let mut tx = Requester::SYSTEM.begin(worker).await?;
    Requester::SYSTEM.authorize(&mut tx, Permission::StaffManage).await?;
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('first of the staff', 0))")
        .fetch_one(&mut *tx)
        .await?;
    let known = sqlx::query_scalar!(
        r#"select exists (select from staff)
             or exists (select from staff_claim where used_at is null and expires_at > now()) as "known!""#
    );
    if known.fetch_one(&mut *tx).await? {
        return Ok(None);
    }
    let link = make(service, &Requester::SYSTEM, &mut tx, StaffRole::Approver).await?;
    tx.commit().await?;
    Ok(Some(link))
}

async fn make(
    store: &Store,
    requester: &Requester,
    conn: &mut PgConnection,
    role: StaffRole,
) -> Result<Link> {
    sqlx::query!("delete from staff_claim where expires_at < now() - interval '30 days'")
        .execute(&mut *conn)
        .await?;
    let (id, token): (StaffClaimId, _) = (store.ids.make(), draw_token(&*store.random));
    let until = sqlx::query_scalar!(
        "insert into staff_claim (id, token_hash, role, expires_at) values ($1, $2, $3, now() + interval '24 hours')
         returning expires_at",
        id.0,
        &token_hash(token.expose())[..],
        role.as_str(),
    )
    .fetch_one(&mut *conn)
    .await?;
    let entry = requester.audit(Action::StaffLink).subject(id).detail(json!({ "role": role.as_str() }));
    entry.record(conn, &store.ids).await?;
    Ok(Link { token, role, until })
}

/// One of the staff, with each way to be it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Its address.
    pub address: String,
    /// What they are called.
    pub name: Option<String>,
    /// Role and provider of each of their ways to be staff; no provider for a link.
    pub roles: Vec<(String, Option<String>)>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// When they were last seen, as far as it is known.
    #[serde(with = "time::serde::rfc3339::option")]
    pub seen: Option<OffsetDateTime>,
}

/// The staff by their addresses, a thousand at most.
pub async fn all(store: &Store, requester: &Requester) -> Result<Vec<Member>> {
    let mut tx = requester.begin_read(&store.pool).await?;
    requester.authorize(&mut tx, Permission::StaffView).await?;
    let rows = rows(&mut tx, "%", Order::Address, "", MOST).await?;
    let member = |row: super::list::Row| Member {
        account: AccountId(row.id),
        address: row.email,
        name: row.name,
        roles: row
            .roles
            .into_iter()
            .zip(row.providers)
            .map(|(role, provider)| (role, Some(provider).filter(|name| !name.is_empty())))
            .collect(),
        since: row.since,
        seen: row.seen,
    };
    Ok(rows.into_iter().map(member).collect())
}

/// Takes away all that makes this account staff, and ends its sessions. `who` is an account id, or an address that one of
/// the staff has. [`Error::NotFound`] where no staff member is meant; refused where several are.
pub async fn remove(store: &Store, requester: &Requester, who: &str) -> Result<Member> {
    let id = who.parse::<AccountId>().ok();
    let key = EmailAddress::parse(who).ok().map(|email| email.key());
    let mut meant = Vec::new();
    for member in all(store, requester).await? {
        let same_address =
            key.is_some() && EmailAddress::parse(&member.address).ok().map(|known| known.key()) == key;
        if Some(member.account) == id || same_address {
            meant.push(member);
        }
    }
    if meant.len() > 1 {
        let ids = meant.iter().map(|member| member.account).collect();
        return Err(Error::rejected(Field::Account, SignInCode::SeveralAccounts { ids }));
    }
    let member = meant.pop().ok_or(Error::NotFound)?;
    let mut tx = requester.begin(&store.pool).await?;
    requester.authorize(&mut tx, Permission::StaffManage).await?;
    let removed =
        sqlx::query!("delete from staff where account_id = $1", member.account.0).execute(&mut *tx).await?;
    if removed.rows_affected() == 0 {
        return Err(Error::NotFound);
    }
    let ended = end(&mut tx, Ending::Account(member.account)).await?;
    let detail = json!({ "roles": member.roles, "account": member.account, "ended": ended.len() });
    let entry = requester.audit(Action::StaffRemove).subject(&member.address).detail(detail);
    entry.record(&mut tx, &store.ids).await?;
    tx.commit().await?;
    Ok(member)
}
