use super::{begin, end};
use crate::{Error, Result, Service, visitor::Visitor};
use innkeeper_domain::{identity::GroupRule, organisation::MemberRole};
use serde_json::json;

/// Most groups of an organisation.
const MOST: i64 = 100;

/// Says what a group of the organisation's issuer makes of its people; said before of the same group it is said anew.
/// Counts for each person from their next sign-in on.
pub async fn add_group(
    service: &Service,
    visitor: &Visitor,
    name: &str,
    group: &str,
    role: &str,
) -> Result<()> {
    let (mut tx, tenant) = begin(service, visitor, name).await?;
    let group = GroupRule::parse_group(group).map_err(|error| Error::mistake("group", error.to_string()))?;
    let role = MemberRole::parse(role)
        .ok_or_else(|| Error::mistake("role", "Choose what the people of this group become."))?;
    let organisation = tenant.organisation_id.0;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from organisation_group where organisation_id = $1 and name <> $2"#,
        organisation,
        group
    );
    if count.fetch_one(&mut *tx).await? >= MOST {
        return Err(Error::mistake("group", format!("{MOST} groups are the most. Remove one first.")));
    }
    sqlx::query!(
        "insert into organisation_group (organisation_id, name, role) values ($1, $2, $3)
         on conflict (organisation_id, name) do update set role = excluded.role",
        organisation,
        group,
        role.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    end(service, visitor, tx, &tenant, "group.set", json!({ "group": group, "role": role })).await
}

/// Takes back what was said of a group. Absent is success. Who is a member by it stops being one when they sign in next.
pub async fn remove_group(service: &Service, visitor: &Visitor, name: &str, group: &str) -> Result<()> {
    let (mut tx, tenant) = begin(service, visitor, name).await?;
    sqlx::query!(
        "delete from organisation_group where organisation_id = $1 and name = $2",
        tenant.organisation_id.0,
        group
    )
    .execute(&mut *tx)
    .await?;
    end(service, visitor, tx, &tenant, "group.remove", json!({ "group": group })).await
}
