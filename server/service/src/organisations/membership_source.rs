//! Where a membership comes from, and how groups change it at a sign-in.

use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        requester::Requester,
    },
    people::session::Begin,
};
use innkeeper_domain::{
    identity::{GroupRule, Groups, role_of},
    ids::OrganisationId,
    organisation::MemberRole,
};
use serde_json::json;
use sqlx::PgConnection;

/// How somebody who signs in by a way stands in an organisation.
pub(crate) struct Standing {
    /// What the groups make of them.
    pub role: Option<MemberRole>,
    /// What they are, and by whose word.
    pub member: Option<(MemberRole, Word)>,
}

/// By whose word somebody is a member.
#[derive(PartialEq, Eq)]
pub(crate) enum Word {
    /// An admin's, or their own for who made the organisation: no group changes that.
    Admins,
    /// The groups of the very way in that they sign in by.
    Ways,
    /// The groups of another one.
    Others,
}

/// How the person stands there, who came by this way with these groups.
pub(crate) async fn standing(
    conn: &mut PgConnection,
    came: &Begin<'_>,
    organisation: OrganisationId,
    groups: &Groups,
) -> Result<Standing> {
    let rules = rules(conn, organisation, came.provider).await?;
    let row = sqlx::query!(
        "select role, provider, identity_id from member where organisation_id = $1 and account_id = $2 for update",
        organisation.0,
        came.account.0
    )
    .fetch_optional(conn)
    .await?;
    let member = row.map(|row| {
        let role = MemberRole::parse(&row.role).ok_or_else(|| Error::corrupt("member role", &row.role))?;
        let word = match row.provider {
            None => Word::Admins,
            Some(_) if row.identity_id == Some(came.identity.0) => Word::Ways,
            Some(_) => Word::Others,
        };
        Ok::<_, Error>((role, word))
    });
    Ok(Standing { role: role_of(&rules, groups), member: member.transpose()? })
}

/// Makes the account in the organisation what it is to be there.
pub(crate) async fn settle(
    service: &Service,
    conn: &mut PgConnection,
    requester: &Requester,
    came: &Begin<'_>,
    organisation: OrganisationId,
    standing: Standing,
) -> Result<()> {
    let Begin { account, provider, identity } = *came;
    let action = match (standing.role, &standing.member) {
        (_, Some((_, Word::Admins))) | (None, None | Some((_, Word::Others))) => return Ok(()),
        (Some(_), None) => Some(Action::MemberJoin),
        (Some(role), Some((was, word))) => {
            (*word == Word::Others || *was != role).then_some(Action::MemberChange)
        }
        (None, Some((_, Word::Ways))) => Some(Action::MemberLeave),
    };
    match standing.role {
        Some(role) => {
            sqlx::query!(
                "insert into member (organisation_id, account_id, role, provider, identity_id, vouched_at)
                 values ($1, $2, $3, $4, $5, now())
                 on conflict (organisation_id, account_id) do update set role = excluded.role,
                   provider = excluded.provider, identity_id = excluded.identity_id, vouched_at = now()
                   where member.provider is not null",
                organisation.0,
                account.0,
                role.as_str(),
                provider,
                identity.0,
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
    Ok(Actor::System
        .audit(action)
        .from(requester.address())
        .subject(account)
        .in_organisation(organisation)
        .detail(json!({ "role": standing.role, "provider": provider }))
        .record(conn, &service.ids)
        .await?)
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
