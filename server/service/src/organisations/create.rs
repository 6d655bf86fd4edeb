//! The beginning of an organisation.

use super::rename_slug::TAKEN;
use crate::{Error, Result, Service, db};
use innkeeper_domain::{
    ids::{AccountId, OrganisationId},
    organisation::{MemberRole, OrganisationName},
    organisation_slug::OrganisationSlug,
};
use sqlx::{Connection, PgConnection};

/// Draws of a slug before something must be wrong: two alike are one in a million.
const DRAWS: usize = 5;

/// Makes an organisation, which the transaction sees from then on, with the account as its admin. Its slug is that of its
/// name, with drawn characters behind it where another organisation has that.
pub(crate) async fn create(
    service: &Service,
    conn: &mut PgConnection,
    name: &OrganisationName,
    admin: AccountId,
) -> Result<OrganisationId> {
    let id: OrganisationId = service.ids.make();
    db::as_member(conn, id).await?;
    insert(service, conn, id, name).await?;
    sqlx::query!(
        "insert into member (organisation_id, account_id, role) values ($1, $2, $3)",
        id.0,
        admin.0,
        MemberRole::Admin.as_str()
    )
    .execute(&mut *conn)
    .await?;
    Ok(id)
}

async fn insert(
    service: &Service,
    conn: &mut PgConnection,
    id: OrganisationId,
    name: &OrganisationName,
) -> Result<()> {
    let bare = OrganisationSlug::of(name);
    let mut slug = bare.clone();
    let mut clash = None;
    for _ in 0..DRAWS {
        // A savepoint: a clash must not end the transaction. Looking first would not see who makes one at this moment.
        let mut savepoint = conn.begin().await?;
        let made = sqlx::query!(
            "insert into organisation (id, name, slug) values ($1, $2, $3)",
            id.0,
            name.as_str(),
            slug.as_str(),
        )
        .execute(&mut *savepoint)
        .await;
        match made {
            Ok(_) => return Ok(savepoint.commit().await?),
            Err(error) if Error::breaks(&error, TAKEN) => clash = Some(error),
            Err(error) => return Err(error.into()),
        }
        savepoint.rollback().await?;
        slug = bare.suffixed(&*service.random);
    }
    Err(clash.map_or(Error::Conflict, Error::Database))
}
