use innkeeper_domain::tenant::TenantState;
use leptos::prelude::*;

/// A dot and a word.
#[component]
pub fn Badge(
    /// `ok`, `warn`, `bad`, `live`, or nothing.
    #[prop(optional)]
    tone: &'static str,
    /// The word.
    text: &'static str,
) -> impl IntoView {
    view! { <span class=format!("badge {tone}").trim_end().to_owned()>{text}</span> }
}

/// Where a tenant stands.
#[component]
pub fn TenantBadge(
    /// Its state.
    state: TenantState,
    /// Whether its passwords wait for their confirmation.
    #[prop(optional)]
    unconfirmed: bool,
) -> impl IntoView {
    let (tone, text) = match state {
        TenantState::Requested => ("", "Requested"),
        TenantState::AwaitingApproval => ("warn", "Waiting for approval"),
        TenantState::Declined => ("bad", "Declined"),
        TenantState::Provisioning => ("live", "Setting up"),
        TenantState::Active if unconfirmed => ("warn", "Credentials not saved"),
        TenantState::Active => ("ok", "Active"),
        TenantState::Suspended => ("warn", "Suspended"),
        TenantState::Failed => ("bad", "Setup failed"),
        TenantState::Destroying => ("warn", "Being deleted"),
        TenantState::Destroyed => ("", "Deleted"),
    };
    view! { <Badge tone text/> }
}
