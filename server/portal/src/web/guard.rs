//! What every change passes before it is looked at: the rate limit and the form's token.

use super::{context::RequestCx, problem::Problem};
use innkeeper_service::rate;

/// Counts the change against the visitor's address and account.
pub(super) async fn count(request: &RequestCx) -> Result<(), Problem> {
    let (service, visitor) = (&request.cx.service, &request.cx.visitor);
    let limits = &service.settings.limits;
    let address = rate::address_key("change", visitor.address);
    rate::take(&service.pool, &address, limits.change_per_address).await?;
    if let Some(person) = &visitor.account {
        rate::take(&service.pool, &format!("change {}", person.id), limits.change_per_account).await?;
    }
    Ok(())
}

/// Whether the body is text that the portal can keep, and carries the session's token.
pub(super) fn check(request: &RequestCx, body: &[u8]) -> Result<(), Problem> {
    if form_urlencoded::parse(body)
        .any(|(key, value)| [key, value].iter().any(|text| text.contains(['\0', '\u{fffd}'])))
    {
        // Not UTF-8, or nothing that PostgreSQL can keep.
        return Err(Problem::BAD_REQUEST);
    }
    match (field(body, "csrf"), request.cx.csrf.get()) {
        // Hashes compare in constant time.
        (Some(sent), Some(kept)) if blake3::hash(sent.as_bytes()) == blake3::hash(kept.as_bytes()) => Ok(()),
        _ => Err(Problem::FORBIDDEN),
    }
}

/// The first value of a field.
pub(super) fn field(body: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
