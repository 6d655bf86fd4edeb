use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        rate_limit,
        requester::Requester,
    },
    people::{providers::named, session},
    sign_in::refused::record_refusal,
};
use innkeeper_domain::{identity::Subject, ids::SessionId, permission::Permission, routes::Page};
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
    let ended = sqlx::query_scalar!(
        "delete from session s using identity i
         where i.id = s.identity_id and s.provider = $1 and s.authenticated_at <= $2
           and ($3::text is null or s.provider_session = $3)
           and ($4::text is null or (i.issuer = $4 and i.subject = $5))
         returning s.id",
        provider.id.as_str(),
        said.at,
        said.session,
        subject.as_ref().map(Subject::issuer),
        subject.as_ref().map(Subject::subject),
    )
    .fetch_all(&mut *tx)
    .await?;
    for id in &ended {
        session::forget_carried(&mut tx, SessionId(*id)).await?;
    }
    if !ended.is_empty() {
        Actor::System
            .audit(Action::SessionEnd)
            .from(requester.address())
            .subject(provider.id.as_str())
            .detail(json!({ "ended": ended.len(), "by": "the provider" }))
            .record(&mut tx, &service.ids)
            .await?;
    }
    if !ended.is_empty() {
        tx.commit().await?;
    }
    Ok(ended.len())
}
