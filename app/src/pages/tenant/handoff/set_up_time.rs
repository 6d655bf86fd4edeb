use crate::components::words;
use innkeeper_service::tenants::TenantView;
use leptos::prelude::*;

/// How long the set-up took, where that is known.
pub(super) fn set_up_in(tenant: &TenantView) -> Option<AnyView> {
    let took = (tenant.ready_at? - tenant.created_at).as_seconds_f64();
    // A set-up that was tried again, or waited, says nothing about its speed.
    (0.0..3600.0).contains(&took).then(|| {
        view! { <span class="small dim">{format!("Set up in {}; every role signed in successfully", words::seconds(took))}</span> }
            .into_any()
    })
}
