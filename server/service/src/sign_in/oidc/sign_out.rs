use crate::{
    Error, Result, Service,
    context::{audit::Action, rate_limit, requester::Requester},
    people::{
        providers::named,
        session::{Ending, end},
    },
    sign_in::refused::record_refusal,
};
use innkeeper_domain::{permission::Permission, routes::Page};
use serde_json::json;

/// The address at which a person signs out at a provider, too; none where it offers none.
pub async fn way_out(service: &Service, provider: &str) -> Result<Option<String>> {
    let provider = &*named(service, provider).await?;
    Ok(provider.port.sign_out(&Page::Landing.absolute(&service.settings.public_url)).await?)
}

/// Ends the sessions that a provider's message signs out (OpenID Connect Back-Channel Logout 1.0); how many there were.
/// Those that began after the message stay: said again it ends nothing more.
pub async fn signed_out(
    service: &Service,
    requester: &Requester,
    provider: &str,
    message: &str,
) -> Result<usize> {
    let provider = &*named(service, provider).await?;
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await?;
    let read = provider.port.signed_out(message).await.map_err(Error::from);
    let said = record_refusal(service, requester, provider, read).await?;
    let subject = said.subject.as_ref().map(|subject| provider.own(subject)).transpose()?;
    let mut tx = Requester::SYSTEM.begin(&service.pool).await?;
    Requester::SYSTEM.authorize(&mut tx, Permission::SessionEnd).await?;
    let signed_out = Ending::SignedOut {
        provider: provider.id.as_str(),
        at: said.at,
        session: said.session.as_deref(),
        subject: subject.as_ref().map(|subject| (subject.issuer(), subject.subject())),
    };
    let ended = end(&mut tx, signed_out).await?;
    if !ended.is_empty() {
        Requester::SYSTEM
            .audit(Action::SessionEnd)
            .from(requester.address())
            .subject(provider.id.as_str())
            .detail(json!({ "ended": ended.len(), "by": "the provider" }))
            .record(&mut tx, &service.ids)
            .await?;
        tx.commit().await?;
    }
    Ok(ended.len())
}
