use innkeeper_domain::{
    name::TenantName,
    organisation_slug::OrganisationSlug,
    routes::{Page, Segment, TenantPage},
};
use leptos::prelude::*;

/// The pages of a tenant, and whether only admins have them. The sign-in settings are the organisation's, for all of its
/// databases.
fn pages(name: Segment<TenantName>, organisation: OrganisationSlug) -> [(Page, &'static str, bool); 7] {
    [
        (Page::Tenant(name.clone()), "Overview", false),
        (Page::Connect(name.clone()), "Connect", false),
        (Page::Credentials(name.clone()), "Credentials", true),
        (Page::Plan(name.clone()), "Plan", true),
        (Page::Runs(name.clone()), "Journal", false),
        (Page::SignInSettings(organisation.into()), "Sign-in", true),
        (Page::Danger(name), "Danger zone", true),
    ]
}

/// The pages of a tenant.
#[component]
pub fn SubNav(
    /// The tenant.
    name: TenantName,
    /// Whose it is.
    organisation: OrganisationSlug,
    /// Whether the requester is an admin of it.
    admin: bool,
    /// Which one this is.
    current: TenantPage,
) -> impl IntoView {
    let current = current((&name).into());
    let links: Vec<_> = pages(name.into(), organisation)
        .into_iter()
        .filter(|(_, _, admins)| admin || !admins)
        .map(|(page, label, _)| {
            let here = (page == current).then_some("page");
            view! { <a href=page.to_string() aria-current=here>{label}</a> }
        })
        .collect();
    view! { <nav class="subnav" aria-label="This database">{links}</nav> }
}
