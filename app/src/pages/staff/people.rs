//! Who is staff.

use super::StaffNav;
use crate::{
    components::{Badge, Icon, words},
    pages::load,
    web::{Cx, PageTitle, with_query},
};
use innkeeper_service::{
    staff::{self, How, StaffLine},
    tenants::Page,
};
use leptos::prelude::*;

/// What was asked of the list; stands in the address, so that a bookmark keeps it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub search: String,
    pub by_address: bool,
    pub first: bool,
}

impl Asked {
    fn sort(&self) -> &'static str {
        if self.by_address { "address" } else { "newest" }
    }

    /// The list's address with this search, another order, or another page.
    fn path(&self, by_address: bool, after: Option<&str>) -> String {
        let mut path = "/staff".to_owned();
        if !self.search.is_empty() {
            path = with_query(&path, "search", &self.search);
        }
        if by_address {
            path = with_query(&path, "sort", "address");
        }
        after.map_or(path.clone(), |after| with_query(&path, "after", after))
    }
}

/// The page. Nobody is led to the sign-in from here: that would tell that there is something.
#[component]
pub fn StaffPage() -> impl IntoView {
    let cx = Cx::get();
    let after = cx.asked("after");
    let asked = Asked {
        search: cx.asked("search"),
        by_address: cx.asked("sort") == "address",
        first: after.is_empty(),
    };
    let ask = asked.clone();
    load(
        async move { staff::list(&cx.service, &cx.visitor, &ask.search, ask.sort(), &after).await },
        move |page| staff_view(page, &asked),
    )
}

pub(crate) fn staff_view(page: Page<StaffLine>, asked: &Asked) -> AnyView {
    let searching = !asked.search.is_empty();
    let body = if page.items.is_empty() { empty() } else { list(page, asked) };
    view! {
        <PageTitle text="Staff"/>
        <div class="page-head">
            <h1>"Staff"</h1>
            <p>"Who runs this portal. What makes somebody staff is set by whoever has its machine."</p>
        </div>
        <StaffNav current="/staff"/>
        <div class="stack">
            <form class="row" role="search" method="get" action="/staff">
                {asked.by_address.then(|| view! { <input type="hidden" name="sort" value="address"/> })}
                <label class="vh" for="search">"Search by name or address"</label>
                <div class="input-icon grow">
                    <Icon name="search"/>
                    <input id="search" class="input" type="search" name="search" value=asked.search.clone() autocomplete="off"/>
                </div>
                <button type="submit" class="btn">"Search"</button>
                {searching.then(|| view! { <a class="btn btn-quiet" href="/staff">"Clear"</a> })}
            </form>
            {body}
        </div>
    }
    .into_any()
}

fn empty() -> AnyView {
    view! {
        <div class="card empty">
            <Icon name="search"/>
            <h2>"Nobody is called so"</h2>
            <p>"We looked for it in the names and addresses of the staff."</p>
            <a class="btn" href="/staff">"Show all staff"</a>
        </div>
    }
    .into_any()
}

fn list(page: Page<StaffLine>, asked: &Asked) -> AnyView {
    let total = usize::try_from(page.total).unwrap_or_default();
    let rows: Vec<_> = page.items.into_iter().map(|line| view! { <Line line/> }).collect();
    let next = page.next.map(|next| asked.path(asked.by_address, Some(&next)));
    let order = |by_address: bool, label: &'static str| {
        let current = (asked.by_address == by_address).then_some("true");
        view! { <a href=asked.path(by_address, None) aria-current=current>{label}</a> }
    };
    view! {
        <section class="card" aria-label="People">
            <div class="card-head">
                <span class="small dim">{words::count(total, "person", "people")}</span>
                <nav class="chips" aria-label="Order">{order(false, "Newest first")}{order(true, "By address")}</nav>
            </div>
            <ul class="rows" role="list">{rows}</ul>
            {(next.is_some() || !asked.first).then(|| view! {
                <nav class="pager" aria-label="Pages">
                    <span>{(!asked.first).then(|| view! { <a href=asked.path(asked.by_address, None)>"First page"</a> })}</span>
                    <span class="row">{next.map(|href| view! {
                        <a class="btn btn-sm" href=href>"Next"<Icon name="chevron-right"/></a>
                    })}</span>
                </nav>
            })}
        </section>
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
        How::Link(role) => format!("{} by a link.", role.label()),
        How::Group { role, label: Some(label), .. } => format!("{} by a group of {label}.", role.label()),
        How::Group { role, label: None, provider } => {
            format!("Was {} by a group of {provider}, which makes nobody staff any more.", role.as_str())
        }
    }
}
