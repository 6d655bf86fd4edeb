//! The mail domains that organisations have proven.

use super::{
    nav::{DomainsNav, StaffNav},
    revoke::here,
};
use crate::{
    components::{Badge, Icon, words},
    pages::load,
    web::{Cx, PageTitle},
};
use innkeeper_domain::{
    routes::{self, Link},
    staff::StaffRole,
};
use innkeeper_service::{
    db::paging::Page,
    organisations::{self, Proven},
};
use leptos::prelude::*;

/// This list.
const PAGE: routes::Page = routes::Page::VerifiedDomains;

/// What was asked of the list; stands in the address, so that a bookmark keeps it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub search: String,
    pub first: bool,
}

impl Asked {
    /// The list's address with this search, at another page.
    fn path(&self, after: Option<&str>) -> String {
        let all = Link::from(&PAGE);
        let found = if self.search.is_empty() { all } else { all.with("search", &self.search) };
        after.map_or(found.clone(), |after| found.with("after", after)).into()
    }
}

/// The page.
#[component]
pub fn VerifiedDomainsPage() -> impl IntoView {
    let cx = Cx::get();
    let after = cx.asked("after");
    let asked = Asked { search: cx.asked("search"), first: after.is_empty() };
    let search = asked.search.clone();
    let role = cx.requester.account.as_ref().and_then(|person| person.staff);
    let may = role.is_some_and(|role| role >= StaffRole::Approver);
    load(
        async move { organisations::proven(&cx.service, &cx.requester, &search, &after).await },
        move |page| verified_view(page, &asked, may),
    )
}

pub(crate) fn verified_view(page: Page<Proven>, asked: &Asked, may: bool) -> AnyView {
    let searching = !asked.search.is_empty();
    let body = if page.items.is_empty() { empty(searching) } else { list(page, asked, may) };
    view! {
        <PageTitle text="Verified e-mail domains"/>
        <div class="page-head">
            <h1>"Verified e-mail domains"</h1>
            <p>"The verified domains of each organisation, and how they were verified."</p>
        </div>
        <StaffNav current=routes::Page::StaffDomains/>
        <div class="stack">
            <DomainsNav current=PAGE/>
            <form class="row" role="search" method="get" action=PAGE.to_string()>
                <label class="vh" for="search">"Search by domain or organisation"</label>
                <div class="input-icon grow">
                    <Icon name="search"/>
                    <input id="search" class="input" type="search" name="search" value=asked.search.clone() autocomplete="off"/>
                </div>
                <button type="submit" class="btn">"Search"</button>
                {searching.then(|| view! { <a class="btn btn-quiet" href=PAGE.to_string()>"Clear"</a> })}
            </form>
            {body}
        </div>
    }
    .into_any()
}

fn empty(searching: bool) -> AnyView {
    if searching {
        return view! {
            <div class="card empty">
                <Icon name="search"/>
                <h2>"No results"</h2>
                <p>"No domain or organisation name matches."</p>
                <a class="btn" href=PAGE.to_string()>"Show all verified domains"</a>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="card empty">
            <Icon name="circle-check"/>
            <h2>"No verified domains yet"</h2>
            <p>"Domains are listed here once an organisation verifies them in DNS or staff approves them."</p>
        </div>
    }
    .into_any()
}

fn list(page: Page<Proven>, asked: &Asked, may: bool) -> AnyView {
    let total = usize::try_from(page.total).unwrap_or_default();
    let rows: Vec<_> = page.items.into_iter().map(|line| view! { <Line line may/> }).collect();
    let next = page.next.map(|next| asked.path(Some(&next)));
    let pager = (next.is_some() || !asked.first).then(|| {
        view! {
            <nav class="pager" aria-label="Pages">
                <span>{(!asked.first).then(|| view! { <a href=asked.path(None)>"First page"</a> })}</span>
                <span class="row">{next.map(|href| view! {
                    <a class="btn btn-sm" href=href>"Next"<Icon name="chevron-right"/></a>
                })}</span>
            </nav>
        }
    });
    view! {
        <section class="card" aria-label="Verified domains">
            <div class="card-head"><span class="small dim">{words::count(total, "domain", "domains")}</span></div>
            <ul class="rows" role="list">{rows}</ul>
            {pager}
        </section>
    }
    .into_any()
}

#[component]
fn Line(line: Proven, may: bool) -> impl IntoView {
    let Proven { organisation, name, domain, proven_at, by_dns } = line;
    let act = may.then(|| {
        let which = format!(" {domain} of {name}");
        let href = here(organisation, &domain).to_string();
        view! { <a class="btn btn-sm" href=href>"Revoke"<span class="vh">{which}</span></a> }
    });
    let how = if by_dns { "Verified (DNS)" } else { "Approved by staff" };
    view! {
        <li>
            <div><p class="name mono">{domain.to_string()}</p><p>{name}</p></div>
            <p>{format!("{how} on {}.", words::moment(proven_at))}</p>
            <Badge tone="ok" text=if by_dns { "DNS" } else { "Staff" }/>
            <div>{act}</div>
        </li>
    }
}
