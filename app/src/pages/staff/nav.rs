//! The links between the pages of the staff.

use leptos::prelude::*;

/// Where the list of domains to decide is.
pub(super) const DOMAINS: &str = "/staff/domains";

/// Where the list of verified domains is.
pub(super) const VERIFIED_DOMAINS: &str = "/staff/domains/proven";

/// The pages of the staff.
#[component]
pub(super) fn StaffNav(
    /// The path of this one.
    current: &'static str,
) -> impl IntoView {
    let links = [("/staff", "People"), (DOMAINS, "Mail domains")].map(|(path, label)| {
        let here = (path == current).then_some("page");
        view! { <a href=path aria-current=here>{label}</a> }
    });
    view! { <nav class="subnav" aria-label="Staff">{links.into_iter().collect_view()}</nav> }
}

/// The two lists of mail domains.
#[component]
pub(super) fn DomainsNav(
    /// The path of this one.
    current: &'static str,
) -> impl IntoView {
    let links = [(DOMAINS, "To decide"), (VERIFIED_DOMAINS, "Proven")].map(|(path, label)| {
        let here = (path == current).then_some("page");
        view! { <a href=path aria-current=here>{label}</a> }
    });
    view! { <nav class="chips" aria-label="Mail domains">{links.into_iter().collect_view()}</nav> }
}
