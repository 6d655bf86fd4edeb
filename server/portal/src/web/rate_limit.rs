//! How many changes one address and one account may ask for in a while, counted in the control database.

use super::{AppState, client::Client, context::RequestCx, problem::Problem};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use innkeeper_service::{
    Service,
    context::rate_limit::{address_key, take},
};
use std::net::IpAddr;

/// Counts a form against the requester's address and account.
pub(super) async fn count(request: &RequestCx) -> Result<(), Problem> {
    let (service, requester) = (&request.cx.service, &request.cx.requester);
    count_address(service, requester.browser()?.address).await?;
    if let Some(person) = &requester.account {
        let limit = service.settings.limits.change_per_account;
        take(&service.pool, &format!("change {}", person.id), limit).await?;
    }
    Ok(())
}

/// Counts a program's request against its address, if it may change something.
pub(super) async fn changes(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if !request.method().is_safe() {
        let (parts, body) = request.into_parts();
        count_address(&state.service, Client::of(&parts, &state.site).address).await?;
        return Ok(next.run(Request::from_parts(parts, body)).await);
    }
    Ok(next.run(request).await)
}

async fn count_address(service: &Service, address: IpAddr) -> Result<(), Problem> {
    let key = address_key("change", address);
    Ok(take(&service.pool, &key, service.settings.limits.change_per_address).await?)
}
