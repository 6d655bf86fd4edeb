//! A tenant's secrets in the control database, sealed each for its own place.

use crate::{Error, Result};
use innkeeper_domain::{
    ids::{BackupId, OrganisationId, TenantId},
    ports::{Sealed, Sealer},
    secret::Secret,
    tenant::TenantRole,
};
use sqlx::PgConnection;

/// What a sealed secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The password of a role, until its handoff ends.
    Password(TenantRole),
    /// The verifier a role had before new passwords were made, until that run ends.
    FormerVerifier(TenantRole),
    /// What a backup is encrypted with, as long as that is kept.
    BackupKey(BackupId),
}

impl Purpose {
    /// As stored.
    pub fn text(self) -> String {
        match self {
            Self::Password(role) => format!("password {}", role.as_str()),
            Self::FormerVerifier(role) => format!("former verifier {}", role.as_str()),
            Self::BackupKey(id) => format!("backup key {id}"),
        }
    }
}

/// What a tenant's secret is sealed for.
pub(crate) fn context(tenant: TenantId, purpose: &str) -> String {
    format!("innkeeper {tenant} {purpose}")
}

/// Seals a secret and keeps it, in place of an earlier one of the same purpose.
pub async fn put(
    conn: &mut PgConnection,
    sealer: &dyn Sealer,
    organisation: OrganisationId,
    tenant: TenantId,
    purpose: Purpose,
    secret: &Secret,
) -> Result<()> {
    let purpose = purpose.text();
    let sealed = sealer.seal(secret.expose().as_bytes(), &context(tenant, &purpose));
    sqlx::query!(
        "insert into sealed_secret (tenant_id, organisation_id, purpose, key_id, sealed) values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, purpose) do update
         set key_id = excluded.key_id, sealed = excluded.sealed, created_at = now()",
        tenant.0,
        organisation.0,
        purpose,
        sealed.key_id,
        sealed.bytes,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Opens a secret; none if there is none.
pub async fn get(
    conn: &mut PgConnection,
    sealer: &dyn Sealer,
    tenant: TenantId,
    purpose: Purpose,
) -> Result<Option<Secret>> {
    let purpose = purpose.text();
    let row = sqlx::query!(
        "select key_id, sealed from sealed_secret where tenant_id = $1 and purpose = $2",
        tenant.0,
        purpose
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let plain = sealer.open(&Sealed { key_id: row.key_id, bytes: row.sealed }, &context(tenant, &purpose))?;
    let text = std::str::from_utf8(&plain).map_err(|_| Error::corrupt("sealed secret of", tenant))?;
    Ok(Some(Secret::new(text)))
}

/// Destroys all secrets of a tenant but the keys of its backups. Absent is success.
pub async fn destroy_all_but_backup_keys(conn: &mut PgConnection, tenant: TenantId) -> Result<()> {
    sqlx::query!(
        "delete from sealed_secret where tenant_id = $1 and purpose not like 'backup key %'",
        tenant.0
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Destroys a secret. Absent is success.
pub async fn destroy(conn: &mut PgConnection, tenant: TenantId, purpose: Purpose) -> Result<()> {
    sqlx::query!("delete from sealed_secret where tenant_id = $1 and purpose = $2", tenant.0, purpose.text())
        .execute(conn)
        .await?;
    Ok(())
}
