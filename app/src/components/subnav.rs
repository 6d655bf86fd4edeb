use innkeeper_domain::{
    name::TenantName,
    organisation::MemberRole,
    organisation_slug::OrganisationSlug,
    permission::Permission,
    routes::{Page, Segment, TenantPage},
};
use leptos::prelude::*;

/// The pages of a tenant, and what it takes to see them. The sign-in settings are the organisation's, for all of its
/// databases.
fn pages(name: Segment<TenantName>, organisation: OrganisationSlug) -> [(Page, &'static str, Permission); 7] {
    [
        (Page::Tenant(name.clone()), "Overview", Permission::TenantView),
        (Page::Connect(name.clone()), "Connect", Permission::TenantView),
        (Page::Credentials(name.clone()), "Credentials", Permission::CredentialsView),
        (Page::Plan(name.clone()), "Plan", Permission::PlanView),
        (Page::Activity(name.clone()), "Activity log", Permission::TenantView),
        (Page::SignInSettings(organisation.into()), "Single sign-on (SSO)", Permission::SsoView),
        (Page::Danger(name), "Danger zone", Permission::LifecycleView),
    ]
}

/// The pages of a tenant.
#[component]
pub fn SubNav(
    /// The tenant.
    name: TenantName,
    /// Whose it is.
    organisation: OrganisationSlug,
    /// What the requester is in it.
    role: MemberRole,
    /// Which one this is.
    current: TenantPage,
) -> impl IntoView {
    let current = current((&name).into());
    let links: Vec<_> = pages(name.into(), organisation)
        .into_iter()
        .filter(|(_, _, permission)| permission.of_member(role))
        .map(|(page, label, _)| {
            let here = (page == current).then_some("page");
            view! { <a href=page.to_string() aria-current=here>{label}</a> }
        })
        .collect();
    view! { <nav class="subnav" aria-label="This database">{links}</nav> }
}
