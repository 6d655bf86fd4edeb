//! The links between the pages of an organisation, and the way from an address it had before.

use crate::{
    pages::nothing,
    web::{Cx, PageEnd},
};
use innkeeper_domain::{
    organisation::MemberRole,
    organisation_slug::OrganisationSlug,
    permission::Permission,
    routes::{OrganisationPage, Page},
};
use innkeeper_service::organisations;
use leptos::prelude::*;

/// The pages of an organisation, and what it takes to see them.
const PAGES: [(OrganisationPage, &str, Permission); 2] = [
    (Page::Organisation, "Overview", Permission::OrganisationView),
    (Page::SignInSettings, "Single sign-on (SSO)", Permission::SsoView),
];

/// The pages of an organisation.
#[component]
pub(crate) fn OrganisationNav(
    /// Its slug.
    slug: OrganisationSlug,
    /// What the requester is in it.
    role: MemberRole,
    /// Which one this is.
    current: OrganisationPage,
) -> impl IntoView {
    let current = current((&slug).into());
    let links: Vec<_> = PAGES
        .into_iter()
        .filter(|(_, _, permission)| permission.of_member(role))
        .map(|(page, label, _)| {
            let page = page((&slug).into());
            let here = (page == current).then_some("page");
            view! { <a href=page.to_string() aria-current=here>{label}</a> }
        })
        .collect();
    view! { <nav class="subnav" aria-label="This organisation">{links}</nav> }
}

/// Leads to the same page at the organisation's address of now.
pub(crate) fn moved(cx: &Cx, slug: &OrganisationSlug, page: OrganisationPage) -> AnyView {
    nothing(cx, PageEnd::Redirect(page(slug.into()).into()))
}

/// The slug that an organisation has now, of a form that was shown at an address before: a redirect from there would lose
/// what the next page is to say. The same where it is not theirs to know.
pub(super) async fn present(cx: &Cx, slug: &str) -> String {
    let view = organisations::open(&cx.service, &cx.requester, slug).await;
    view.map_or_else(|_| slug.to_owned(), |view| view.slug.to_string())
}
