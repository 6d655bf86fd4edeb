//! Joining an organisation by its own way in, or by one of the operator's, and leaving by it: groups say who is what.

use super::{Provider, own_address};
use crate::{
    Error, Result, Service,
    audit::{self, Actor, Entry},
    store,
    visitor::{SignedIn, Visitor},
};
use innkeeper_domain::{
    identity::{Facts, GroupRule, Groups, Reason, Refusal, role_of},
    ids::{AccountId, OrganisationId},
    organisation::MemberRole,
};
use serde_json::json;
use sqlx::PgConnection;

/// How somebody who signs in by a way stands in an organisation.
struct Standing {
    /// What the groups make of them.
    role: Option<MemberRole>,
    /// What they are, and by whose word.
    member: Option<(MemberRole, Word)>,
}

/// By whose word somebody is a member.
#[derive(PartialEq, Eq)]
enum Word {
    /// An admin's, or their own for who made the organisation: no group changes that.
    Admins,
    /// The groups of the way they sign in by.
    Ways,
    /// The groups of another way.
    Others,
}

/// Whether the person is a member, or an admin, of the organisation whose way this is. For the operator's ways everybody
/// is, as far as that goes.
pub(super) async fn member(
    service: &Service,
    provider: &Provider,
    person: &SignedIn,
    admin: bool,
) -> Result<()> {
    let Some(organisation) = provider.organisation else {
        return if admin { Err(Error::NotFound) } else { Ok(()) };
    };
    let mut tx = store::look_as_account(&service.pool, person).await?;
    let role = store::role_in(&mut tx, organisation.0, person.id).await?;
    if admin && role != MemberRole::Admin { Err(Error::NotFound) } else { Ok(()) }
}

/// Whether the organisation lets in whom its own way vouches for: [`Reason::Group`] where no group of theirs is anything
/// there, [`Reason::Address`] where somebody new has no address in its domains. Who is a member by this way and belongs
/// to no group any more stops being one, also while being refused.
pub(super) async fn check(
    service: &Service,
    visitor: &Visitor,
    provider: &Provider,
    account: Option<AccountId>,
    facts: &Facts,
) -> Result<()> {
    let Some(organisation) = provider.organisation else { return Ok(()) };
    let mut tx = service.pool.begin().await?;
    store::as_member(&mut tx, organisation).await?;
    let way = provider.id.as_str();
    let standing = standing(&mut tx, way, organisation, account, &facts.groups).await?;
    if account.is_none() {
        own_address(&mut tx, provider, organisation, facts).await?;
    }
    match (&standing.role, &standing.member, account) {
        (None, Some((_, Word::Ways)), Some(account)) => {
            settle(service, &mut tx, visitor, way, (organisation, account), standing).await?;
            tx.commit().await?;
            Err(no_group())
        }
        (None, None | Some((_, Word::Others)), _) => Err(no_group()),
        _ => Ok(()),
    }
}

/// Makes the person what their groups say, in the transaction of the sign-in.
pub(super) async fn apply(
    service: &Service,
    conn: &mut PgConnection,
    visitor: &Visitor,
    provider: &Provider,
    (account, new): (AccountId, bool),
    facts: &Facts,
) -> Result<()> {
    let way = provider.id.as_str();
    let Some(organisation) = provider.organisation else {
        return follow(service, conn, visitor, way, account, &facts.groups).await;
    };
    store::as_member(conn, organisation).await?;
    if new {
        own_address(conn, provider, organisation, facts).await?;
    }
    let standing = standing(conn, way, organisation, Some(account), &facts.groups).await?;
    match standing {
        Standing { role: None, member: None | Some((_, Word::Ways | Word::Others)) } => Err(no_group()),
        standing => settle(service, conn, visitor, way, (organisation, account), standing).await,
    }
}

/// Lets the account join every organisation that a group of theirs belongs to by this way of the operator's, and leave
/// those that none does any more.
pub(crate) async fn follow(
    service: &Service,
    conn: &mut PgConnection,
    visitor: &Visitor,
    way: &str,
    account: AccountId,
    groups: &Groups,
) -> Result<()> {
    let listed: &[String] = match groups {
        Groups::Listed(listed) => listed,
        Groups::Untold | Groups::TooMany => &[],
    };
    let organisations = sqlx::query_scalar!(
        r#"select organisations_by($1, $2, $3) as "organisation!""#,
        account.0,
        way,
        listed
    );
    for organisation in organisations.fetch_all(&mut *conn).await? {
        let organisation = OrganisationId(organisation);
        store::as_member(conn, organisation).await?;
        // Its admins change what groups are worth one after the other, and not in between.
        sqlx::query!(
            "select provider from organisation_identity where organisation_id = $1 for share",
            organisation.0
        )
        .fetch_optional(&mut *conn)
        .await?;
        let standing = standing(conn, way, organisation, Some(account), groups).await?;
        settle(service, conn, visitor, way, (organisation, account), standing).await?;
    }
    Ok(())
}

/// Makes the account in the organisation what it is to be there.
async fn settle(
    service: &Service,
    conn: &mut PgConnection,
    visitor: &Visitor,
    way: &str,
    (organisation, account): (OrganisationId, AccountId),
    standing: Standing,
) -> Result<()> {
    let action = match (standing.role, &standing.member) {
        (_, Some((_, Word::Admins))) | (None, None | Some((_, Word::Others))) => return Ok(()),
        (Some(_), None) => Some("member.join"),
        (Some(role), Some((was, word))) => (*word == Word::Others || *was != role).then_some("member.change"),
        (None, Some((_, Word::Ways))) => Some("member.leave"),
    };
    match standing.role {
        Some(role) => {
            sqlx::query!(
                "insert into member (organisation_id, account_id, role, provider, vouched_at) values ($1, $2, $3, $4, now())
                 on conflict (organisation_id, account_id) do update
                   set role = excluded.role, provider = excluded.provider, vouched_at = now()
                   where member.provider is not null",
                organisation.0,
                account.0,
                role.as_str(),
                way,
            )
            .execute(&mut *conn)
            .await?
        }
        None => {
            sqlx::query!(
                "delete from member where organisation_id = $1 and account_id = $2",
                organisation.0,
                account.0
            )
            .execute(&mut *conn)
            .await?
        }
    };
    let Some(action) = action else { return Ok(()) };
    let entry = Entry {
        actor: Actor::System,
        address: Some(visitor.address),
        action,
        subject: &account.to_string(),
        organisation: Some(organisation),
        tenant: None,
        detail: json!({ "role": standing.role, "provider": way }),
    };
    Ok(audit::record(conn, &service.ids, entry).await?)
}

/// The refusal of somebody whose groups are nothing there.
fn no_group() -> Error {
    Refusal::new(Reason::Group, "none of their groups is let in").into()
}

async fn standing(
    conn: &mut PgConnection,
    way: &str,
    organisation: OrganisationId,
    account: Option<AccountId>,
    groups: &Groups,
) -> Result<Standing> {
    let rules = rules(conn, organisation, way).await?;
    let row = sqlx::query!(
        "select role, provider from member where organisation_id = $1 and account_id = $2 for update",
        organisation.0,
        account.map(|account| account.0)
    )
    .fetch_optional(conn)
    .await?;
    let member = row.map(|row| {
        let role = MemberRole::parse(&row.role).ok_or_else(|| Error::corrupt("member role", &row.role))?;
        let word = match row.provider.as_deref() {
            None => Word::Admins,
            Some(provider) if provider == way => Word::Ways,
            Some(_) => Word::Others,
        };
        Ok::<_, Error>((role, word))
    });
    Ok(Standing { role: role_of(&rules, groups), member: member.transpose()? })
}

/// What an organisation makes of the people of this way's groups, by name.
pub(crate) async fn rules(
    conn: &mut PgConnection,
    organisation: OrganisationId,
    way: &str,
) -> Result<Vec<GroupRule>> {
    let rows = sqlx::query!(
        "select name, role from organisation_group where organisation_id = $1 and provider = $2 order by name",
        organisation.0,
        way
    );
    let rule = |name, role: String| {
        let role = MemberRole::parse(&role).ok_or_else(|| Error::corrupt("role of a group", role))?;
        Ok(GroupRule { group: name, role })
    };
    rows.fetch_all(conn).await?.into_iter().map(|row| rule(row.name, row.role)).collect()
}
