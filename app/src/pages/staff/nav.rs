//! The links between the pages of the staff.

use innkeeper_domain::routes::Page;
use leptos::prelude::*;

/// The pages of the staff.
#[component]
pub(super) fn StaffNav(
    /// This one.
    current: Page,
) -> impl IntoView {
    let links = [(Page::Staff, "People"), (Page::StaffDomains, "E-mail domains")].map(|(page, label)| {
        let here = (page == current).then_some("page");
        view! { <a href=page.to_string() aria-current=here>{label}</a> }
    });
    view! { <nav class="subnav" aria-label="Staff">{links.into_iter().collect_view()}</nav> }
}

/// The two lists of mail domains.
#[component]
pub(super) fn DomainsNav(
    /// This one.
    current: Page,
) -> impl IntoView {
    let links =
        [(Page::StaffDomains, "Pending"), (Page::VerifiedDomains, "Verified")].map(|(page, label)| {
            let here = (page == current).then_some("page");
            view! { <a href=page.to_string() aria-current=here>{label}</a> }
        });
    view! { <nav class="chips" aria-label="E-mail domains">{links.into_iter().collect_view()}</nav> }
}
