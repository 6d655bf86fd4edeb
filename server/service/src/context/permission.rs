//! Authorisation: whether a requester has a permission.

use super::requester::{Requester, Via};
use crate::{
    Error, Result,
    context::target::{Forbidden, Target},
    db::proof,
};
use innkeeper_domain::{ids::OrganisationId, organisation::MemberRole, permission::Permission};
use sqlx::PgConnection;

impl Requester {
    /// Authorises what is on nothing of an organisation's: on one's own account, by staff, by the operator.
    /// [`Error::NotFound`] for everybody else, as if nothing were there.
    pub async fn authorize(&self, conn: &mut PgConnection, permission: Permission) -> Result<()> {
        let grant = permission.grant();
        let person = self.account.as_ref();
        let has = match self.via {
            Via::System | Via::Run(_) => true,
            Via::Operator => grant.operator,
            Via::Browser(_) | Via::ApiKey(_) => {
                let staff = person.and_then(|person| person.staff);
                grant.anyone
                    || grant.signed_in && person.is_some()
                    || staff.is_some_and(|role| permission.of_staff(role))
            }
        };
        self.conclude(conn, permission, has).await
    }

    /// Authorises what is on an organisation or a tenant. A member without the permission gets [`Error::Forbidden`], who
    /// is no member [`Error::NotFound`].
    pub async fn authorize_on(
        &self,
        conn: &mut PgConnection,
        permission: Permission,
        target: &impl Target,
    ) -> Result<()> {
        let role = target.role();
        let has = match self.via {
            Via::System | Via::Run(_) => true,
            Via::Operator => permission.grant().operator,
            Via::Browser(_) | Via::ApiKey(_) => role.is_some_and(|role| permission.of_member(role)),
        };
        if !has && role.is_some() {
            let admins = admins(conn, target.organisation()).await?;
            return Err(Error::Forbidden(Forbidden { permission, admins }));
        }
        self.conclude(conn, permission, has).await
    }

    async fn conclude(&self, conn: &mut PgConnection, permission: Permission, has: bool) -> Result<()> {
        if !has {
            return Err(Error::NotFound);
        }
        let fresh = match self.via {
            Via::Operator | Via::System | Via::Run(_) => true,
            Via::Browser(_) | Via::ApiKey(_) => self.account.as_ref().is_some_and(|person| person.fresh),
        };
        if permission.grant().fresh && !fresh {
            return Err(Error::StaleSignIn);
        }
        Ok(proof::authorised(conn, permission).await?)
    }
}

/// The addresses of an organisation's admins, 20 at most.
pub(crate) async fn admins(conn: &mut PgConnection, organisation: OrganisationId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        "select a.email from member m join account a on a.id = m.account_id
         where m.organisation_id = $1 and m.role = 'admin' order by a.email_key limit 20",
        organisation.0
    )
    .fetch_all(conn)
    .await?)
}

/// The requester as a member of an organisation, where no more of it is needed.
#[derive(Debug)]
pub(crate) struct Membership {
    organisation: OrganisationId,
    role: MemberRole,
}

impl Membership {
    /// In a transaction that sees what the requester sees; [`Error::NotFound`] where they are no member.
    pub(crate) async fn load(
        conn: &mut PgConnection,
        requester: &Requester,
        organisation: OrganisationId,
    ) -> Result<Self> {
        let role = sqlx::query_scalar!(
            "select role from member where organisation_id = $1 and account_id = $2",
            organisation.0,
            requester.signed_in()?.id.0
        )
        .fetch_optional(conn)
        .await?
        .ok_or(Error::NotFound)?;
        let role = MemberRole::parse(&role).ok_or_else(|| Error::corrupt("member role", role))?;
        Ok(Self { organisation, role })
    }
}

impl Target for Membership {
    fn name(&self) -> String {
        self.organisation.to_string()
    }

    fn organisation(&self) -> OrganisationId {
        self.organisation
    }

    fn role(&self) -> Option<MemberRole> {
        Some(self.role)
    }
}
