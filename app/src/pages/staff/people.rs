//! Who is staff.

use super::nav::StaffNav;
use crate::{
    components::{Asked, Badge, List, Listing, words},
    pages::load,
    web::{Cx, PageTitle},
};
use innkeeper_domain::routes;
use innkeeper_service::{
    db::paging::Page,
    people::staff::{self, How, StaffLine},
};
use leptos::prelude::*;

static STAFF: List = List {
    page: routes::Page::Staff,
    label: "People",
    counted: ("person", "people"),
    search: "Search by name or address",
    order: ("address", "By address"),
    nothing: ("No results", "No name or e-mail address of a staff member matches.", "Show all staff"),
};

/// The page. Nobody is led to the sign-in from here: that would tell that there is something.
#[component]
pub fn StaffPage() -> impl IntoView {
    let cx = Cx::get();
    let asked = Asked::of(|name| cx.asked(name));
    let ask = asked.clone();
    load(
        async move { staff::list(&cx.service, &cx.requester, &ask.search, &ask.sort, &ask.after).await },
        move |page| staff_view(page, asked),
    )
}

pub(crate) fn staff_view(page: Page<StaffLine>, asked: Asked) -> AnyView {
    let Page { items, next, total } = page;
    let lines = items.into_iter().map(|line| view! { <Line line/> }.into_any()).collect();
    view! {
        <PageTitle text="Staff"/>
        <div class="page-head">
            <h1>"Staff"</h1>
            <p>"Staff members. Managed on the server with " <code>"innkeeper staff"</code> ", or by groups in its configuration."</p>
        </div>
        <StaffNav current=routes::Page::Staff/>
        <div class="stack">
            <Listing of=&STAFF asked total next lines/>
        </div>
    }
    .into_any()
}

#[component]
fn Line(line: StaffLine) -> impl IntoView {
    let StaffLine { email, name, role, how, since, seen, .. } = line;
    let named = name.is_some();
    let (title, below) = (name.unwrap_or_else(|| email.clone()), named.then_some(email));
    let badge = match role {
        Some(role) => view! { <Badge tone="ok" text=role.label()/> },
        None => view! { <Badge text="No longer"/> },
    };
    let how: Vec<_> = how.into_iter().map(|how| view! { <p>{words_of(how)}</p> }).collect();
    let seen = seen.map(|seen| format!(" Last seen {}.", words::moment(seen))).unwrap_or_default();
    view! {
        <li>
            <div><p class="name">{title}</p>{below.map(|email| view! { <p>{email}</p> })}</div>
            <div>{how}<p>{format!("Since {}.{seen}", words::day(since))}</p></div>
            {badge}
        </li>
    }
}

/// By what somebody is staff.
fn words_of(how: How) -> String {
    match how {
        How::Link(role) => format!("{} (invite link).", role.label()),
        How::Group { role, label: Some(label), .. } => format!("{} (group of {label}).", role.label()),
        How::Group { role, label: None, provider } => {
            format!("Was {} (group of {provider}, no longer mapped to staff).", role.as_str())
        }
    }
}
