use crate::{
    Error, Result, Service,
    context::requester::Requester,
    tenants::TenantView,
    workflows::secrets::{self, Purpose},
};
use innkeeper_domain::{
    connection::Credentials,
    ids::HandoffId,
    secret::Secret,
    tenant::{PerRole, TenantRole, TenantState},
};
use sqlx::PgConnection;
use std::net::IpAddr;
use time::OffsetDateTime;

/// Proof that the handoff is open, its window not over, in this very session of the addressed person. Good for the
/// transaction that made it: the row stays locked there, so that nobody closes the handoff in between.
pub struct Proof {
    pub handoff: HandoffId,
    pub opened_at: OffsetDateTime,
    pub until: OffsetDateTime,
    pub from: Option<IpAddr>,
    /// Now, by the control database's clock.
    pub now: OffsetDateTime,
}

impl Proof {
    /// Proves it; none if it is not so.
    pub async fn make(
        conn: &mut PgConnection,
        tenant: &TenantView,
        requester: &Requester,
    ) -> Result<Option<Self>> {
        let (Ok(person), Ok(session)) = (requester.signed_in(), requester.session()) else { return Ok(None) };
        if tenant.state != TenantState::Active {
            return Ok(None);
        }
        let row = sqlx::query!(
            r#"select id, opened_at as "opened_at!", open_until as "until!", opened_from, now() as "now!" from handoff
               where tenant_id = $1 and state = 'open' and open_until > now() and opened_in = $2 and addressed_to = $3
               for share"#,
            tenant.id.0,
            session.0,
            person.id.0,
        )
        .fetch_optional(conn)
        .await?;
        Ok(row.map(|row| Self {
            handoff: HandoffId(row.id),
            opened_at: row.opened_at,
            until: row.until,
            from: row.opened_from.map(|net| net.addr()),
            now: row.now,
        }))
    }

    /// What the proof is good for.
    pub async fn credentials(
        &self,
        service: &Service,
        conn: &mut PgConnection,
        tenant: &TenantView,
    ) -> Result<Credentials> {
        let endpoint = tenant.endpoint.clone().ok_or_else(|| Error::corrupt("no server of", &tenant.name))?;
        let passwords = PerRole {
            owner: password(service, conn, tenant, TenantRole::Owner).await?,
            app: password(service, conn, tenant, TenantRole::App).await?,
            readonly: password(service, conn, tenant, TenantRole::ReadOnly).await?,
        };
        Ok(Credentials { endpoint, tenant: tenant.name.clone(), passwords })
    }
}

async fn password(
    service: &Service,
    conn: &mut PgConnection,
    tenant: &TenantView,
    role: TenantRole,
) -> Result<Secret> {
    secrets::get(conn, &*service.sealer, tenant.id, Purpose::Password(role))
        .await?
        .ok_or_else(|| Error::corrupt("open handoff without the passwords of", &tenant.name))
}
