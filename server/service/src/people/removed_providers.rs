//! Sessions that end because their provider was taken out of the configuration.

use crate::{
    Result, Service,
    context::{
        audit::{Action, Actor},
        requester::Requester,
    },
};
use innkeeper_domain::{identity::ProviderId, permission::Permission};
use serde_json::json;
use std::collections::BTreeMap;

/// Ends the sessions that came by a provider which the operator has taken away; how many there were. For the start: from
/// then on nobody answers for these people. Whoever came by an organisation's own way stays: that is taken away by its
/// admins. Their ways in stay, so that putting the provider back lets them in again.
pub async fn end_removed(service: &Service) -> Result<usize> {
    let mut offered: Vec<String> = service.providers.all().iter().map(|one| one.id.to_string()).collect();
    offered.extend([ProviderId::MAIL, ProviderId::PASSKEY].map(str::to_owned));
    let mut tx = Requester::SYSTEM.begin(&service.pool).await?;
    Requester::SYSTEM.authorize(&mut tx, Permission::SessionEnd).await?;
    let ended = sqlx::query!(
        r#"delete from session where provider <> all ($1) and not starts_with(provider, $2)
           returning id, provider as "provider!""#,
        &offered,
        ProviderId::OWN,
    )
    .fetch_all(&mut *tx)
    .await?;
    // What they carried; all at once, since there may be thousands.
    let ids: Vec<_> = ended.iter().map(|one| one.id).collect();
    sqlx::query!("delete from form_state where session_id = any ($1)", &ids).execute(&mut *tx).await?;
    sqlx::query!("delete from flash where session_id = any ($1)", &ids).execute(&mut *tx).await?;
    let mut by_provider = BTreeMap::<_, usize>::new();
    for one in &ended {
        *by_provider.entry(one.provider.as_str()).or_default() += 1;
    }
    for (provider, ended) in by_provider {
        tracing::warn!(provider, ended, "sessions were ended: their provider is not configured any more");
        Actor::System
            .audit(Action::SessionEnd)
            .subject(provider)
            .detail(json!({ "ended": ended, "by": "the provider's removal" }))
            .record(&mut tx, &service.ids)
            .await?;
    }
    if !ended.is_empty() {
        tx.commit().await?;
    }
    Ok(ended.len())
}
