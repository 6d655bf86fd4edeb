use crate::people::staff_roles::read;
use crate::{
    Result, Service,
    context::{
        audit::{Action, Entry},
        providers::Provider,
    },
};
use innkeeper_domain::{
    identity::Groups,
    ids::{AccountId, IdentityId},
    staff::StaffRole,
};
use serde_json::json;
use sqlx::PgConnection;

/// Makes the person staff in sessions of this way in, or no longer, as its groups at one of the operator's providers say at this sign-in. `entry`
/// makes an audit entry of who signs in. The role, where it is more than before.
pub(crate) async fn decide(
    service: &Service,
    conn: &mut PgConnection,
    provider: &Provider,
    (account, identity): (AccountId, IdentityId),
    groups: &Groups,
    entry: impl Fn(Action, serde_json::Value) -> Entry,
) -> Result<Option<StaffRole>> {
    let id = provider.id.as_str();
    let now = provider.staff_groups.role_of(groups);
    // Of two sign-ins at once the second sees what the first left.
    sqlx::query!("select id from account where id = $1 for update", account.0).fetch_one(&mut *conn).await?;
    let before = sqlx::query_scalar!(
        "select role from staff where identity_id = $1 and provider = $2",
        identity.0,
        id
    );
    let before = before.fetch_optional(&mut *conn).await?.map(|role| read(&role)).transpose()?;
    let action = match (before, now) {
        (before, now) if before == now => return Ok(None),
        (Some(_), None) => {
            sqlx::query!("delete from staff where identity_id = $1 and provider = $2", identity.0, id)
                .execute(&mut *conn)
                .await?;
            Action::StaffLeave
        }
        (before, now) => {
            sqlx::query!(
                "insert into staff (account_id, role, provider, identity_id) values ($1, $2, $3, $4)
                 on conflict (account_id, provider, identity_id) do update set role = excluded.role",
                account.0,
                now.map(StaffRole::as_str),
                id,
                identity.0,
            )
            .execute(&mut *conn)
            .await?;
            if before.is_none() { Action::StaffJoin } else { Action::StaffChange }
        }
    };
    let words = [before, now].map(|role| role.map(StaffRole::as_str));
    let detail = json!({ "provider": provider.id, "before": words[0], "role": words[1] });
    entry(action, detail).record(conn, &service.ids).await?;
    Ok(now.filter(|_| now > before))
}
