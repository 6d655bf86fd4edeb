//! Group mapping: which group of a provider has which role in an organisation.

use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, InputCode},
        requester::Requester,
    },
    organisations::{
        change::{begin, end},
        github,
    },
};
use innkeeper_domain::{
    identity::{GroupRule, ProviderId},
    organisation::MemberRole,
    permission::Permission,
};
use serde_json::json;

/// Most groups of an organisation.
const MOST: i64 = 100;

/// Says what a group makes of its people; said before of the same group it is said anew. Counts for each person from
/// their next sign-in on.
///
/// `way` is the short name of the provider whose group it is, where one of an organisation at GitHub that is shown to be
/// theirs is meant; empty for a group of the organisation's own issuer.
pub async fn add_group(
    service: &Service,
    requester: &Requester,
    slug: &str,
    way: &str,
    (group, role): (&str, &str),
) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let organisation = view.id.0;
    let group = if way.is_empty() {
        GroupRule::parse_group(group).map_err(|error| Error::rejected(Field::Group, error))?
    } else {
        let lines = github::of(&mut tx, organisation, requester.signed_in()?.id).await?;
        let groups = lines.into_iter().filter(|line| line.provider == way).flat_map(|line| line.groups);
        let mut named = groups.map(|one| one.group).filter(|one| one == group);
        named.next().ok_or_else(|| Error::rejected(Field::Group, InputCode::UnknownChoice))?
    };
    let role =
        MemberRole::parse(role).ok_or_else(|| Error::rejected(Field::Role, InputCode::UnknownChoice))?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from organisation_group where organisation_id = $1 and name <> $2"#,
        organisation,
        group
    );
    if count.fetch_one(&mut *tx).await? >= MOST {
        return Err(Error::rejected(Field::Group, InputCode::LimitReached { most: MOST }));
    }
    sqlx::query!(
        "insert into organisation_group (organisation_id, provider, name, role)
         select $1, coalesce(nullif($4, ''), provider), $2, $3 from organisation_identity where organisation_id = $1
         on conflict (organisation_id, provider, name) do update set role = excluded.role",
        organisation,
        group,
        role.as_str(),
        way,
    )
    .execute(&mut *tx)
    .await?;
    let detail = json!({ "provider": way, "group": group, "role": role });
    end(service, requester, tx, &view, Action::GroupSet, detail).await
}

/// Takes back what was said of a group. Absent is success. Who is a member by it stops being one when they sign in next.
pub async fn remove_group(
    service: &Service,
    requester: &Requester,
    slug: &str,
    way: &str,
    group: &str,
) -> Result<()> {
    let (mut tx, view) = begin(service, requester, Permission::SsoChange, slug).await?;
    let group = GroupRule::parse_group(group).map_err(|error| Error::rejected(Field::Group, error))?;
    if !way.is_empty() {
        ProviderId::parse(way).map_err(|_| Error::NotFound)?;
    }
    sqlx::query!(
        "delete from organisation_group g using organisation_identity i where g.organisation_id = $1 and g.name = $2
           and i.organisation_id = $1 and g.provider = coalesce(nullif($3, ''), i.provider)",
        view.id.0,
        group,
        way
    )
    .execute(&mut *tx)
    .await?;
    end(service, requester, tx, &view, Action::GroupRemove, json!({ "provider": way, "group": group })).await
}
