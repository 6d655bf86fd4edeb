//! Sessions that end because their provider was taken out of the configuration.

use crate::{
    Result, Service,
    context::{
        audit::{Action, Actor},
        requester::Requester,
    },
    people::session::{Ending, end},
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
    let ended = end(&mut tx, Ending::NotOffered(&offered)).await?;
    let mut by_provider = BTreeMap::<_, usize>::new();
    for provider in ended.iter().filter_map(|one| one.provider.as_deref()) {
        *by_provider.entry(provider).or_default() += 1;
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
