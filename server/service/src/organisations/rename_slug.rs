//! The change of an organisation's address.

use super::view::load;
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, OrganisationCode},
        requester::Requester,
    },
};
use innkeeper_domain::{organisation_slug::OrganisationSlug, permission::Permission};
use serde_json::json;

/// The rule that a slug is of one organisation.
pub(crate) const TAKEN: &str = "organisation_slug_key";
/// Most former slugs that an organisation keeps from all others at once.
const MOST: i64 = 5;

/// Gives an organisation another slug; the slug that it has then. The one before leads there for 90 days, and is no other
/// organisation's meanwhile. The one that it has already is success.
pub async fn rename_slug(
    service: &Service,
    requester: &Requester,
    slug: &str,
    typed: &str,
) -> Result<OrganisationSlug> {
    let mut tx = requester.begin(&service.pool).await?;
    let organisation = load(&mut tx, requester, Permission::OrganisationRename, slug).await?;
    let wanted = OrganisationSlug::parse(typed).map_err(|error| Error::rejected(Field::Slug, error))?;
    // Of two changes at once the second waits, and sees what the first did.
    let had =
        sqlx::query_scalar!("select slug from organisation where id = $1 for update", organisation.id.0)
            .fetch_one(&mut *tx)
            .await?;
    if had == wanted.as_str() {
        return Ok(wanted);
    }
    if had != slug {
        return Err(Error::rejected(Field::Slug, OrganisationCode::SlugChanged { slug: had }));
    }
    let kept = sqlx::query_scalar!(
        r#"select count(*) as "count!" from organisation_former_slug
           where organisation_id = $1 and slug <> $2 and until > now()"#,
        organisation.id.0,
        wanted.as_str(),
    )
    .fetch_one(&mut *tx)
    .await?;
    if kept >= MOST {
        return Err(Error::rejected(Field::Slug, OrganisationCode::SlugChangedTooOften { most: MOST }));
    }
    let renamed =
        sqlx::query!("update organisation set slug = $2 where id = $1", organisation.id.0, wanted.as_str())
            .execute(&mut *tx)
            .await;
    // Of two that give each other what they have PostgreSQL ends one.
    let ended = |error: &sqlx::Error| {
        Error::breaks(error, TAKEN)
            || error.as_database_error().is_some_and(|e| e.code().as_deref() == Some("40P01"))
    };
    if renamed.as_ref().is_err_and(ended) {
        return Err(Error::rejected(Field::Slug, OrganisationCode::SlugTaken { slug: wanted }));
    }
    renamed?;
    requester
        .audit(Action::OrganisationRename)
        .of(&organisation)
        .detail(json!({ "from": had, "to": wanted }))
        .record(&mut tx, &service.ids)
        .await?;
    tx.commit().await?;
    Ok(wanted)
}
