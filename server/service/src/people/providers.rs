//! Finding a provider by its short name: the operator's, or an organisation's own.

use crate::{Error, Result, Service, context::providers::Provider, db};
use innkeeper_domain::{
    identity::{ProviderId, ProviderKind},
    ids::OrganisationId,
    ports::{OwnIssuer, Sealed},
    secret::Secret,
    staff::StaffGroups,
};
use std::sync::Arc;

/// The provider of this short name: the operator's, or an organisation's own. [`Error::NotFound`] where there is none.
pub async fn named(service: &Service, id: &str) -> Result<Arc<Provider>> {
    if let Some(provider) = service.providers.get(id) {
        return Ok(provider.clone());
    }
    let id = ProviderId::parse(id).ok().filter(ProviderId::is_own).ok_or(Error::NotFound)?;
    let mut tx = service.pool.begin().await?;
    let organisation = sqlx::query_scalar!("select organisation_of_way($1)", id.as_str());
    let organisation = organisation.fetch_one(&mut *tx).await?.ok_or(Error::NotFound)?.into();
    db::as_member(&mut tx, organisation).await?;
    let row = sqlx::query!(
        r#"select version, kind as "kind!", label as "label!", issuer as "issuer!", client_id as "client_id!",
             groups_claim as "groups_claim!", trusted_audiences, key_id, sealed
           from organisation_identity where organisation_id = $1 and kind is not null"#,
        organisation.0
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    tx.commit().await?;
    if let Some(kept) = service.providers.kept(id.as_str(), row.version) {
        return Ok(kept);
    }
    let kind = ProviderKind::parse(&row.kind).ok_or_else(|| Error::corrupt("kind of provider", &row.kind))?;
    let secret = match row.key_id.zip(row.sealed) {
        Some((key_id, bytes)) => {
            let plain = service.sealer.open(&Sealed { key_id, bytes }, &secret_context(organisation))?;
            let text = std::str::from_utf8(&plain).map_err(|error| Error::corrupt("client secret", error))?;
            Some(Secret::new(text))
        }
        None => None,
    };
    let host = row.issuer.split('/').nth(2).unwrap_or(&row.issuer).to_owned();
    let own = OwnIssuer {
        kind,
        issuer: row.issuer,
        client_id: row.client_id,
        client_secret: secret,
        trusted_audiences: row.trusted_audiences,
        groups_claim: row.groups_claim,
    };
    let provider = Provider {
        id,
        kind,
        label: row.label,
        // Its organisation answers for it, within its own domains.
        unverified: true,
        staff_groups: StaffGroups::default(),
        organisation: Some(organisation),
        host: Some(host),
        port: service.issuers.open(own)?,
    };
    Ok(service.providers.keep(row.version, Arc::new(provider)))
}

/// What an organisation's client secret is sealed for.
pub(crate) fn secret_context(organisation: OrganisationId) -> String {
    format!("innkeeper client secret {organisation}")
}
