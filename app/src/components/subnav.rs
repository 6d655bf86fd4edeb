use innkeeper_domain::{name::TenantName, organisation_slug::OrganisationSlug};
use leptos::prelude::*;

/// A page of the organisation, for all of its databases.
const SIGN_IN: &str = "/sign-in";

/// The pages of a tenant, and whether only admins have them.
const PAGES: [(&str, &str, bool); 7] = [
    ("", "Overview", false),
    ("/connect", "Connect", false),
    ("/credentials", "Credentials", true),
    ("/plan", "Plan", true),
    ("/runs", "Journal", false),
    (SIGN_IN, "Sign-in", true),
    ("/danger", "Danger zone", true),
];

/// The pages of a tenant.
#[component]
pub fn SubNav(
    /// The tenant.
    name: TenantName,
    /// Whose it is.
    organisation: OrganisationSlug,
    /// Whether the requester is an admin of it.
    admin: bool,
    /// Which one this is: the end of its path, empty for the overview.
    current: &'static str,
) -> impl IntoView {
    let links: Vec<_> = PAGES
        .into_iter()
        .filter(|(_, _, admins)| admin || !admins)
        .map(|(end, label, _)| {
            let here = (end == current).then_some("page");
            let href =
                if end == SIGN_IN { format!("/o/{organisation}{end}") } else { format!("/t/{name}{end}") };
            view! { <a href=href aria-current=here>{label}</a> }
        })
        .collect();
    view! { <nav class="subnav" aria-label="This database">{links}</nav> }
}
