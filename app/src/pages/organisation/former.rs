//! Where the sign-in settings of an organisation were before it had an address: below each of its databases.

use crate::{
    pages::{load, part},
    web::Cx,
};
use innkeeper_domain::routes::Page;
use innkeeper_service::tenants;
use leptos::prelude::*;

/// Leads a member from `/t/<name>/settings/identity` to where they are now.
#[component]
pub fn FormerSettingsPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let (name, ends) = (part("name"), cx.clone());
    load(async move { tenants::open(&cx.service, &cx.requester, &name).await }, move |tenant| {
        super::nav::moved(&ends, &tenant.organisation_slug, Page::SignInSettings)
    })
}
