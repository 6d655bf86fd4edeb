//! The list of databases.

use crate::{
    components::{Icon, Notice, TenantBadge, words},
    pages::load,
    web::{Cx, PageTitle, with_query},
};
use innkeeper_domain::{identity::ProviderId, tenant::TenantState};
use innkeeper_service::{
    identity,
    organisation::{self, Closed, KnownWay},
    tenants::{self, Page, TenantLine},
};
use leptos::prelude::*;

/// What was asked of the list; stands in the address, so that a bookmark keeps it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub search: String,
    pub by_name: bool,
    pub first: bool,
}

impl Asked {
    fn sort(&self) -> &'static str {
        if self.by_name { "name" } else { "created" }
    }

    /// The list's address with this search, another order, or another page.
    fn path(&self, by_name: bool, after: Option<&str>) -> String {
        let mut path = "/t".to_owned();
        if !self.search.is_empty() {
            path = with_query(&path, "search", &self.search);
        }
        if by_name {
            path = with_query(&path, "sort", "name");
        }
        after.map_or(path.clone(), |after| with_query(&path, "after", after))
    }
}

/// The page.
#[component]
pub fn TenantsPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let after = cx.asked("after");
    let asked =
        Asked { search: cx.asked("search"), by_name: cx.asked("sort") == "name", first: after.is_empty() };
    let (ask, csrf) = (asked.clone(), cx.csrf());
    load(
        async move {
            let page = tenants::list(&cx.service, &cx.visitor, &ask.search, ask.sort(), &after).await?;
            Ok((page, organisation::closed(&cx.service, &cx.visitor).await?))
        },
        move |(page, closed)| tenants_view(page, &asked, closed, &csrf),
    )
}

pub(crate) fn tenants_view(
    page: Page<TenantLine>,
    asked: &Asked,
    closed: Vec<Closed>,
    csrf: &str,
) -> AnyView {
    let total = usize::try_from(page.total).unwrap_or_default();
    let searching = !asked.search.is_empty();
    let closed: Vec<_> = closed.into_iter().map(|closed| not_this_way(closed, csrf)).collect();
    let body = if page.items.is_empty() { empty(searching) } else { list(page, asked) };
    let search = (searching || total > 0).then(|| {
        view! {
            <form class="row" role="search" method="get" action="/t">
                {asked.by_name.then(|| view! { <input type="hidden" name="sort" value="name"/> })}
                <label class="vh" for="search">"Search by name or organisation"</label>
                <div class="input-icon grow">
                    <Icon name="search"/>
                    <input id="search" class="input" type="search" name="search" value=asked.search.clone() autocomplete="off"/>
                </div>
                <button type="submit" class="btn">"Search"</button>
                {searching.then(|| view! { <a class="btn btn-quiet" href="/t">"Clear"</a> })}
            </form>
        }
    });
    view! {
        <PageTitle text="Databases"/>
        <div class="page-head">
            <div class="row between">
                <h1>"Databases"</h1>
                <a class="btn btn-primary" href="/sign-up/database"><Icon name="plus"/>"New database"</a>
            </div>
        </div>
        <div class="stack">
            {closed}
            {search}
            {body}
        </div>
    }
    .into_any()
}

/// An organisation of the person's that opens to another way only.
fn not_this_way(closed: Closed, csrf: &str) -> AnyView {
    let Closed { organisation, ways } = closed;
    let labels: Vec<_> = ways.iter().map(|way| way.label.as_str()).collect();
    let (title, says) = if ways.is_empty() {
        (
            format!("{organisation} is closed here"),
            "The way you came by does not open it. Sign in by another one of yours, or ask its admins.",
        )
    } else {
        (
            format!("{organisation} opens by {} only", labels.join(" or ")),
            "Its databases are here once you come in that way.",
        )
    };
    let link = |way: KnownWay| {
        let (to, label) = match way.provider.as_str() {
            ProviderId::MAIL | ProviderId::PASSKEY => {
                ("/sign-in?return=/t".to_owned(), format!("Sign in by {}", way.label))
            }
            provider => (
                format!("/sign-in/{provider}?return=/t&ticket={}", identity::ticket(csrf, provider)),
                format!("Continue with {}", way.label),
            ),
        };
        view! { <a class="btn btn-sm" href=to>{label}</a> }.into_any()
    };
    let mut links: Vec<_> = ways.into_iter().map(link).collect();
    if links.is_empty() {
        links.push(
            view! { <a class="btn btn-sm" href="/sign-in?return=/t">"Sign in by another way"</a> }.into_any(),
        );
    }
    view! {
        <Notice icon="lock-keyhole" title>
            <p>{says}</p>
            <p class="row">{links}</p>
        </Notice>
    }
    .into_any()
}

fn empty(searching: bool) -> AnyView {
    if searching {
        return view! {
            <div class="card empty">
                <Icon name="search"/>
                <h2>"Nothing has this name"</h2>
                <p>"We looked for it in the names of databases and organisations."</p>
                <a class="btn" href="/t">"Show all databases"</a>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="card empty">
            <Icon name="database"/>
            <h2>"No database yet"</h2>
            <p>"Your databases will stand here. Making one takes less than a minute."</p>
            <a class="btn" href="/sign-up/database">"Create a database"</a>
        </div>
    }
    .into_any()
}

fn list(page: Page<TenantLine>, asked: &Asked) -> AnyView {
    let total = usize::try_from(page.total).unwrap_or_default();
    let rows: Vec<_> = page.items.into_iter().map(|line| view! { <Line line/> }).collect();
    let next = page.next.map(|next| asked.path(asked.by_name, Some(&next)));
    let order = |by_name: bool, label: &'static str| {
        let current = (asked.by_name == by_name).then_some("true");
        view! { <a href=asked.path(by_name, None) aria-current=current>{label}</a> }
    };
    view! {
        <section class="card" aria-label="Databases">
            <div class="card-head">
                <span class="small dim">{words::count(total, "database", "databases")}</span>
                <nav class="chips" aria-label="Order">{order(false, "Newest first")}{order(true, "By name")}</nav>
            </div>
            <ul class="rows" role="list">{rows}</ul>
            {(next.is_some() || !asked.first).then(|| view! {
                <nav class="pager" aria-label="Pages">
                    <span>{(!asked.first).then(|| view! { <a href=asked.path(asked.by_name, None)>"First page"</a> })}</span>
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
fn Line(line: TenantLine) -> impl IntoView {
    let who_undoes = match line.state {
        TenantState::Suspended => Some(". An admin can resume it."),
        TenantState::Destroying => Some(". An admin can keep it until it is removed."),
        _ => None,
    };
    view! {
        <li>
            <div>
                <a class="name" href=format!("/t/{}", line.name)>{line.wish}</a>
                <p>{line.organisation}</p>
            </div>
            <p>
                <span class="mono">{line.name}</span> ", " {line.plan_label} ", " {line.region_label}
                ", since " <time datetime=words::stamp(line.created_at)>{words::day(line.created_at)}</time>
                {who_undoes}
            </p>
            <TenantBadge state=line.state unconfirmed=line.unconfirmed/>
            <span class="go"><Icon name="chevron-right"/></span>
        </li>
    }
}
