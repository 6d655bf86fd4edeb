//! For the operator's people. Others find nothing here, as at a path that leads nowhere.

pub mod claim;
pub mod domains;
pub mod people;
pub mod proven;
pub mod take_back;

use leptos::prelude::*;

/// The pages of the staff.
#[component]
pub(super) fn StaffNav(
    /// The path of this one.
    current: &'static str,
) -> impl IntoView {
    let links = [("/staff", "People"), ("/staff/domains", "Mail domains")].map(|(path, label)| {
        let here = (path == current).then_some("page");
        view! { <a href=path aria-current=here>{label}</a> }
    });
    view! { <nav class="subnav" aria-label="Staff">{links.into_iter().collect_view()}</nav> }
}

/// The two lists of mail domains.
#[component]
fn DomainsNav(
    /// The path of this one.
    current: &'static str,
) -> impl IntoView {
    let links = [(domains::PAGE, "To decide"), (proven::PAGE, "Proven")].map(|(path, label)| {
        let here = (path == current).then_some("page");
        view! { <a href=path aria-current=here>{label}</a> }
    });
    view! { <nav class="chips" aria-label="Mail domains">{links.into_iter().collect_view()}</nav> }
}
