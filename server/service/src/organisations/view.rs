//! An organisation as its people see it.

use crate::{
    Error, Result, Service,
    context::{requester::Requester, target::Target},
};
use innkeeper_domain::{
    ids::{AccountId, OrganisationId},
    organisation::MemberRole,
    organisation_slug::OrganisationSlug,
    permission::Permission,
};
use sqlx::PgConnection;

/// An organisation, as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganisationView {
    /// Its id.
    pub id: OrganisationId,
    /// Its name; others may have the same.
    pub name: String,
    /// Its slug now. Another one than was asked for where that is one it had before: a page redirects then.
    pub slug: OrganisationSlug,
    /// What the requester may do.
    pub role: MemberRole,
    /// How many people belong to it.
    pub members: i64,
}

impl OrganisationView {
    /// Whether the requester has a permission on it.
    pub fn may(&self, permission: Permission) -> bool {
        permission.of_member(self.role)
    }
}

impl Target for OrganisationView {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn organisation(&self) -> OrganisationId {
        self.id
    }

    fn role(&self) -> Option<MemberRole> {
        Some(self.role)
    }
}

/// An organisation by its slug, or by one that it had in the last 90 days. Slugs that are bad, missing or somebody else's
/// are [`Error::NotFound`] alike.
pub async fn open(service: &Service, requester: &Requester, slug: &str) -> Result<OrganisationView> {
    let mut tx = requester.begin_read(&service.pool).await?;
    let view = load(&mut tx, requester, Permission::OrganisationView, slug).await?;
    tx.commit().await?;
    Ok(view)
}

/// The same as [`open`] for whom has the permission, in a transaction that sees what the requester sees. A member without
/// it gets [`Error::Forbidden`].
pub(crate) async fn load(
    conn: &mut PgConnection,
    requester: &Requester,
    permission: Permission,
    slug: &str,
) -> Result<OrganisationView> {
    let view = read(conn, requester.signed_in()?.id, slug).await?;
    requester.authorize_on(conn, permission, &view).await?;
    Ok(view)
}

async fn read(conn: &mut PgConnection, person: AccountId, slug: &str) -> Result<OrganisationView> {
    let slug = OrganisationSlug::parse(slug).map_err(|_| Error::NotFound)?;
    let row = sqlx::query!(
        r#"select o.id, o.name, o.slug, m.role,
             (select count(*) from member everybody where everybody.organisation_id = o.id) as "members!"
           from organisation o join member m on m.organisation_id = o.id and m.account_id = $2
           where o.slug = $1 or o.id = (select f.organisation_id from organisation_former_slug f
             where f.slug = $1 and f.until > now())"#,
        slug.as_str(),
        person.0,
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Error::NotFound)?;
    Ok(OrganisationView {
        id: OrganisationId(row.id),
        name: row.name,
        slug: stored(row.slug)?,
        role: MemberRole::parse(&row.role).ok_or_else(|| Error::corrupt("member role", row.role))?,
        members: row.members,
    })
}

/// A slug of the control database as its type.
pub(crate) fn stored(slug: String) -> Result<OrganisationSlug> {
    OrganisationSlug::given(&slug).map_err(|_| Error::corrupt("slug", slug))
}
