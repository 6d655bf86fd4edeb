//! The list of one's organisations, to change from one to another.

use super::roles::role_label;
use crate::{
    components::{Asked, Icon, List, Listing, words},
    pages::{load, tenants::not_this_way},
    web::{Cx, PageTitle},
};
use innkeeper_domain::routes;
use innkeeper_service::{
    db::paging::Page,
    organisations::{self, Closed, OrganisationLine},
};
use leptos::prelude::*;

static ORGANISATIONS: List = List {
    page: routes::Page::Organisations,
    label: "Your organisations",
    counted: ("organisation", "organisations"),
    search: "Search by name or address",
    order: ("name", "By name"),
    nothing: ("No results", "No name or address of your organisations matches.", "Show all organisations"),
};

/// The page.
#[component]
pub fn OrganisationsPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let asked = Asked::of(|name| cx.asked(name));
    let (ask, csrf) = (asked.clone(), cx.csrf());
    load(
        async move {
            let page =
                organisations::list(&cx.service, &cx.requester, &ask.search, &ask.sort, &ask.after).await?;
            Ok((page, organisations::closed(&cx.service, &cx.requester).await?))
        },
        move |(page, closed)| organisations_view(page, asked, closed, &csrf),
    )
}

pub(crate) fn organisations_view(
    page: Page<OrganisationLine>,
    asked: Asked,
    closed: Vec<Closed>,
    csrf: &str,
) -> AnyView {
    let Page { items, next, total } = page;
    let lines: Vec<_> = items.into_iter().map(|line| view! { <Line line/> }.into_any()).collect();
    let closed: Vec<_> = closed.into_iter().map(|closed| not_this_way(closed, csrf)).collect();
    view! {
        <PageTitle text="Your organisations"/>
        <div class="page-head"><h1>"Your organisations"</h1></div>
        <div class="stack">
            {closed}
            <Listing of=&ORGANISATIONS asked total next lines>
                <div class="card empty">
                    <Icon name="user"/>
                    <h2>"You have no organisations yet"</h2>
                    <p>"Your first database creates one."</p>
                    <a class="btn" href=routes::Page::Database.to_string()>"Create a database"</a>
                </div>
            </Listing>
        </div>
    }
    .into_any()
}

#[component]
fn Line(line: OrganisationLine) -> impl IntoView {
    let databases = usize::try_from(line.databases).unwrap_or_default();
    view! {
        <li>
            <a class="name" href=routes::Page::Organisation((&line.slug).into()).to_string()>{line.name}</a>
            <p><span class="mono">{routes::Page::Organisation((&line.slug).into()).to_string()}</span> ", " {words::count(databases, "database", "databases")}</p>
            <span class="badge">{role_label(line.role)}</span>
            <span class="go"><Icon name="chevron-right"/></span>
        </li>
    }
}
