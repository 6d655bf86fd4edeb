//! Joining an organisation by its own way in, or by one of the operator's, and leaving by it: groups say who is what.

use super::{
    membership_source::{Standing, Word, rules, settle, standing},
    verified_domain::own_address,
};
use crate::{
    Error, Result, Service,
    context::{permission::Membership, providers::Provider, requester::Requester},
    db,
    people::session::Begin,
};
use innkeeper_domain::{
    identity::{Facts, Groups, Reason, Refusal, role_of},
    ids::{AccountId, IdentityId, OrganisationId},
    organisation::MemberRole,
    permission::Permission,
};
use sqlx::PgConnection;

/// Whether the requester has a permission in the organisation whose way this is; of the operator's ways none is any
/// organisation's, [`Error::NotFound`].
pub(crate) async fn authorize(
    service: &Service,
    requester: &Requester,
    permission: Permission,
    provider: &Provider,
) -> Result<()> {
    let organisation = provider.organisation.ok_or(Error::NotFound)?;
    let mut tx = requester.begin_read(&service.pool).await?;
    let membership = Membership::load(&mut tx, requester, organisation).await?;
    requester.authorize_on(&mut tx, permission, &membership).await
}

/// Whether the organisation lets in whom its own way vouches for: [`Reason::Group`] where no group of theirs is anything
/// there, [`Reason::Address`] where somebody new has no address in its domains. Who is a member by this way and belongs
/// to no group any more stops being one, also while being refused.
pub(crate) async fn check(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    known: Option<(AccountId, IdentityId)>,
    facts: &Facts,
) -> Result<()> {
    let Some(organisation) = provider.organisation else { return Ok(()) };
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignIn).await?;
    db::as_member(&mut tx, organisation).await?;
    let Some((account, identity)) = known else {
        own_address(&mut tx, provider, organisation, facts).await?;
        let rules = rules(&mut tx, organisation, provider.id.as_str()).await?;
        return role_of(&rules, &facts.groups).map(drop).ok_or_else(no_group);
    };
    let came = Begin { account, provider: provider.id.as_str(), identity };
    let standing = standing(&mut tx, &came, organisation, &facts.groups).await?;
    match (&standing.role, &standing.member) {
        (None, Some((_, Word::Ways))) => {
            settle(service, &mut tx, requester, &came, organisation, standing).await?;
            tx.commit().await?;
            Err(no_group())
        }
        (None, None | Some((_, Word::Others))) => Err(no_group()),
        _ => Ok(()),
    }
}

/// Makes the person what their groups say, in the transaction of the sign-in.
pub(crate) async fn apply(
    service: &Service,
    conn: &mut PgConnection,
    requester: &Requester,
    provider: &Provider,
    (came, new): (&Begin<'_>, bool),
    facts: &Facts,
) -> Result<()> {
    let Some(organisation) = provider.organisation else {
        return follow(service, conn, requester, came, &facts.groups).await;
    };
    if !hold(conn, organisation).await? {
        return Err(Error::NotFound);
    }
    if new {
        own_address(conn, provider, organisation, facts).await?;
    }
    let standing = standing(conn, came, organisation, &facts.groups).await?;
    match standing {
        Standing { role: None, member: None | Some((_, Word::Ways | Word::Others)) } => Err(no_group()),
        standing => settle(service, conn, requester, came, organisation, standing).await,
    }
}

/// Lets the account join every organisation that a group of theirs belongs to by this way of the operator's, and leave
/// those that none does any more.
async fn follow(
    service: &Service,
    conn: &mut PgConnection,
    requester: &Requester,
    came: &Begin<'_>,
    groups: &Groups,
) -> Result<()> {
    let listed: &[String] = match groups {
        Groups::Listed(listed) => listed,
        Groups::Untold | Groups::TooMany => &[],
    };
    for organisation in by(conn, came, listed).await? {
        hold(conn, organisation).await?;
        let standing = standing(conn, came, organisation, groups).await?;
        settle(service, conn, requester, came, organisation, standing).await?;
    }
    Ok(())
}

/// Ends the memberships of which this way in is the word, before it is taken away.
pub(crate) async fn leave_all(
    service: &Service,
    conn: &mut PgConnection,
    requester: &Requester,
    gone: &Begin<'_>,
) -> Result<()> {
    for organisation in by(conn, gone, &[]).await? {
        db::as_member(conn, organisation).await?;
        let standing = Standing { role: None, member: Some((MemberRole::Billing, Word::Ways)) };
        settle(service, conn, requester, gone, organisation, standing).await?;
    }
    Ok(())
}

/// Where these groups are something by a way, or where the way in is the word of a membership.
async fn by(conn: &mut PgConnection, came: &Begin<'_>, groups: &[String]) -> Result<Vec<OrganisationId>> {
    let found = sqlx::query_scalar!(
        r#"select organisations_by($1, $2, $3) as "organisation!""#,
        came.identity.0,
        came.provider,
        groups
    );
    Ok(found.fetch_all(conn).await?.into_iter().map(OrganisationId).collect())
}

/// Lets the transaction see the organisation, and keeps what groups are worth there as it is until its end; whether there
/// is an issuer of its own.
async fn hold(conn: &mut PgConnection, organisation: OrganisationId) -> Result<bool> {
    db::as_member(conn, organisation).await?;
    let held = sqlx::query_scalar!(
        r#"select kind is not null as "issuer!" from organisation_identity where organisation_id = $1 for share"#,
        organisation.0
    );
    Ok(held.fetch_optional(conn).await?.unwrap_or(false))
}

/// The refusal of somebody whose groups are nothing there.
fn no_group() -> Error {
    Refusal::new(Reason::Group, "none of their groups is let in").into()
}
