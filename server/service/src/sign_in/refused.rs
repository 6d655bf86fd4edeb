use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        providers::Provider,
        requester::Requester,
    },
    db,
};
use innkeeper_domain::{
    identity::{Reason, Refusal},
    ids::OrganisationId,
    permission::Permission,
};
use serde_json::json;

/// Puts a refusal into the log and the audit log, and passes everything on.
pub(crate) async fn record_refusal<T>(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    outcome: Result<T>,
) -> Result<T> {
    if let Err(Error::NotVouched(refusal)) = &outcome {
        told(service, requester, provider.id.as_str(), provider.organisation, refusal).await?;
    }
    outcome
}

/// The same for the short name of a way that is none's.
pub(crate) async fn record_refusal_by<T>(
    service: &Service,
    requester: &Requester,
    way: &str,
    outcome: Result<T>,
) -> Result<T> {
    if let Err(Error::NotVouched(refusal)) = &outcome {
        told(service, requester, way, None, refusal).await?;
    }
    outcome
}

async fn told(
    service: &Service,
    requester: &Requester,
    way: &str,
    organisation: Option<OrganisationId>,
    refusal: &Refusal,
) -> Result<()> {
    tracing::warn!(provider = %way, %refusal, "somebody was not let in");
    // What was never asked of the organisation's issuer is none of its business, nor is whose browser it was.
    let asked = ![Reason::State, Reason::Answer].contains(&refusal.reason);
    let organisation = organisation.filter(|_| asked);
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignIn).await?;
    let entry = match organisation {
        Some(_) => Actor::Anonymous.audit(Action::SignInRefused).from(requester.address()),
        None => requester.audit(Action::SignInRefused),
    };
    if let Some(organisation) = organisation {
        db::as_member(&mut tx, organisation).await?;
    }
    entry
        .subject(way)
        .in_organisation(organisation)
        .detail(json!({ "reason": refusal.reason.code(), "found": refusal.found }))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}
