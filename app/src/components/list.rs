//! A list with a search, two orders and pages. It does all of that by links and a form of its own address.

use super::{Icon, words};
use innkeeper_domain::routes::{Link, Page};
use leptos::prelude::*;

/// What one list is, whatever was asked of it.
pub struct List {
    /// Its page.
    pub page: Page,
    /// What it is called, for who does not see it.
    pub label: &'static str,
    /// What one of its lines is, and what several are.
    pub counted: (&'static str, &'static str),
    /// What can be searched for.
    pub search: &'static str,
    /// The order beside "Newest first": in the address, and on its link.
    pub order: (&'static str, &'static str),
    /// Title and text where nothing was found, and the way back to everything.
    pub nothing: (&'static str, &'static str, &'static str),
}

/// What was asked of a list; stands in the address, so that a bookmark keeps it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// What the lines have to have in them; empty for all.
    pub search: String,
    /// In which order they come: the list's own, else the newest come first.
    pub sort: String,
    /// Behind which line the page begins; empty for the first page.
    pub after: String,
}

impl Asked {
    /// Takes it from the values of an address.
    pub fn of(value: impl Fn(&str) -> String) -> Self {
        Self { search: value("search"), sort: value("sort"), after: value("after") }
    }
}

impl List {
    /// Its address with this search, in this order, and behind this line.
    fn address(&self, search: &str, ordered: bool, after: Option<&str>) -> String {
        let mut link = Link::from(&self.page);
        if !search.is_empty() {
            link = link.with("search", search);
        }
        if ordered {
            link = link.with("sort", self.order.0);
        }
        after.map_or(link.clone(), |after| link.with("after", after)).into()
    }

    fn is_ordered(&self, asked: &Asked) -> bool {
        asked.sort == self.order.0
    }
}

/// The search, and the lines or why there are none.
#[component]
pub fn Listing(
    /// The list.
    of: &'static List,
    /// What was asked of it.
    asked: Asked,
    /// How many lines there are on all pages.
    total: i64,
    /// Where the next page begins.
    next: Option<String>,
    /// The lines of this page.
    lines: Vec<AnyView>,
    /// What stands there in place of lines where nothing was searched for.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let searching = !asked.search.is_empty();
    let search = (searching || total > 0).then(|| search(of, &asked));
    let body = match children {
        _ if !lines.is_empty() => card(of, &asked, total, next, lines),
        Some(children) if !searching => children(),
        _ => nothing(of),
    };
    view! { {search}{body} }
}

fn search(of: &List, asked: &Asked) -> AnyView {
    view! {
        <form class="row" role="search" method="get" action=of.page.to_string()>
            {of.is_ordered(asked).then(|| view! { <input type="hidden" name="sort" value=of.order.0/> })}
            <label class="vh" for="search">{of.search}</label>
            <div class="input-icon grow">
                <Icon name="search"/>
                <input id="search" class="input" type="search" name="search" value=asked.search.clone() autocomplete="off"/>
            </div>
            <button type="submit" class="btn">"Search"</button>
            {(!asked.search.is_empty()).then(|| view! { <a class="btn btn-quiet" href=of.page.to_string()>"Clear"</a> })}
        </form>
    }
    .into_any()
}

fn nothing(of: &List) -> AnyView {
    let (title, text, all) = of.nothing;
    view! {
        <div class="card empty">
            <Icon name="search"/>
            <h2>{title}</h2>
            <p>{text}</p>
            <a class="btn" href=of.page.to_string()>{all}</a>
        </div>
    }
    .into_any()
}

fn card(of: &List, asked: &Asked, total: i64, next: Option<String>, lines: Vec<AnyView>) -> AnyView {
    let ordered = of.is_ordered(asked);
    let address = |ordered, after: Option<&str>| of.address(&asked.search, ordered, after);
    let order = |this, label| {
        let current = (this == ordered).then_some("true");
        view! { <a href=address(this, None) aria-current=current>{label}</a> }
    };
    let next = next.map(|next| address(ordered, Some(&next)));
    let first = (!asked.after.is_empty()).then(|| address(ordered, None));
    let (one, many) = of.counted;
    view! {
        <section class="card" aria-label=of.label>
            <div class="card-head">
                <span class="small dim">{words::count(usize::try_from(total).unwrap_or_default(), one, many)}</span>
                <nav class="chips" aria-label="Order">{order(false, "Newest first")}{order(true, of.order.1)}</nav>
            </div>
            <ul class="rows" role="list">{lines}</ul>
            {(next.is_some() || first.is_some()).then(|| view! {
                <nav class="pager" aria-label="Pages">
                    <span>{first.map(|href| view! { <a href=href>"First page"</a> })}</span>
                    <span class="row">{next.map(|href| view! {
                        <a class="btn btn-sm" href=href>"Next"<Icon name="chevron-right"/></a>
                    })}</span>
                </nav>
            })}
        </section>
    }
    .into_any()
}
