use innkeeper_domain::{
    name::TenantName, organisation::MemberRole, organisation_slug::OrganisationSlug, permission::Permission,
};
use leptos::prelude::*;

/// A page of the organisation, for all of its databases.
const SIGN_IN: &str = "/sign-in";

/// The pages of a tenant, and what it takes to see them.
const PAGES: [(&str, &str, Permission); 7] = [
    ("", "Overview", Permission::TenantView),
    ("/connect", "Connect", Permission::TenantView),
    ("/credentials", "Credentials", Permission::CredentialsView),
    ("/plan", "Plan", Permission::PlanView),
    ("/runs", "Journal", Permission::TenantView),
    (SIGN_IN, "Sign-in", Permission::SsoView),
    ("/danger", "Danger zone", Permission::LifecycleView),
];

/// The pages of a tenant.
#[component]
pub fn SubNav(
    /// The tenant.
    name: TenantName,
    /// Whose it is.
    organisation: OrganisationSlug,
    /// What the requester is in its organisation.
    role: MemberRole,
    /// Which one this is: the end of its path, empty for the overview.
    current: &'static str,
) -> impl IntoView {
    let links: Vec<_> = PAGES
        .into_iter()
        .filter(|(_, _, permission)| permission.of_member(role))
        .map(|(end, label, _)| {
            let here = (end == current).then_some("page");
            let href =
                if end == SIGN_IN { format!("/o/{organisation}{end}") } else { format!("/t/{name}{end}") };
            view! { <a href=href aria-current=here>{label}</a> }
        })
        .collect();
    view! { <nav class="subnav" aria-label="This database">{links}</nav> }
}
