//! The list of databases.

use crate::{
    components::{Asked, Icon, List, Listing, Notice, TenantBadge, words},
    pages::load,
    web::{Cx, PageTitle},
};
use innkeeper_domain::{identity::ProviderId, routes, tenant::TenantState};
use innkeeper_service::{
    db::paging::Page,
    organisations::{self, Closed, KnownWay},
    sign_in::oidc,
    tenants::{self, TenantLine},
};
use leptos::prelude::*;

static TENANTS: List = List {
    page: routes::Page::Tenants,
    label: "Databases",
    counted: ("database", "databases"),
    search: "Search by name or organisation",
    order: ("name", "By name"),
    nothing: ("No results", "No database or organisation name matches.", "Show all databases"),
};

/// The page.
#[component]
pub fn TenantsPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let asked = Asked::of(|name| cx.asked(name));
    let (ask, csrf) = (asked.clone(), cx.csrf());
    load(
        async move {
            let page = tenants::list(&cx.service, &cx.requester, &ask.search, &ask.sort, &ask.after).await?;
            Ok((page, organisations::closed(&cx.service, &cx.requester).await?))
        },
        move |(page, closed)| tenants_view(page, asked, closed, &csrf),
    )
}

pub(crate) fn tenants_view(page: Page<TenantLine>, asked: Asked, closed: Vec<Closed>, csrf: &str) -> AnyView {
    let Page { items, next, total } = page;
    let lines = items.into_iter().map(|line| view! { <Line line/> }.into_any()).collect();
    let closed: Vec<_> = closed.into_iter().map(|closed| not_this_way(closed, csrf)).collect();
    view! {
        <PageTitle text="Databases"/>
        <div class="page-head">
            <div class="row between">
                <h1>"Databases"</h1>
                <a class="btn btn-quiet push" href=routes::Page::Organisations.to_string()>"Your organisations"</a>
                <a class="btn btn-primary" href=routes::Page::Database.to_string()><Icon name="plus"/>"New database"</a>
            </div>
        </div>
        <div class="stack">
            {closed}
            <Listing of=&TENANTS asked total next lines>
                <div class="card empty">
                    <Icon name="database"/>
                    <h2>"You have no databases yet"</h2>
                    <p>"Create one in less than a minute."</p>
                    <a class="btn" href=routes::Page::Database.to_string()>"Create a database"</a>
                </div>
            </Listing>
        </div>
    }
    .into_any()
}

/// An organisation of the person's that opens to another way only.
pub(crate) fn not_this_way(closed: Closed, csrf: &str) -> AnyView {
    let Closed { organisation, ways } = closed;
    let labels: Vec<_> = ways.iter().map(|way| way.label.as_str()).collect();
    let (title, says) = if ways.is_empty() {
        (
            format!("{organisation} does not allow your sign-in method"),
            "Sign in with another of your methods, or ask its admins.",
        )
    } else {
        (
            format!("{organisation} requires {}", labels.join(" or ")),
            "Sign in that way to see its databases. If a group made you a member, sign in again every 24 hours.",
        )
    };
    let link = |way: KnownWay| {
        let (to, label) = match way.provider.as_str() {
            ProviderId::MAIL | ProviderId::PASSKEY => (
                routes::Page::SignIn.with("return", routes::Page::Tenants).to_string(),
                format!("Sign in with {}", way.label),
            ),
            provider => (
                routes::Page::Provider(provider.into())
                    .with("return", routes::Page::Tenants)
                    .with("ticket", oidc::ticket(csrf, provider))
                    .to_string(),
                format!("Continue with {}", way.label),
            ),
        };
        view! { <a class="btn btn-sm" href=to>{label}</a> }.into_any()
    };
    let mut links: Vec<_> = ways.into_iter().map(link).collect();
    if links.is_empty() {
        links.push(
            view! { <a class="btn btn-sm" href=routes::Page::SignIn.with("return", routes::Page::Tenants).to_string()>"Sign in with another method"</a> }.into_any(),
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

#[component]
fn Line(line: TenantLine) -> impl IntoView {
    let who_undoes = match line.state {
        TenantState::Suspended => Some(". An admin can resume it."),
        TenantState::Destroying => {
            Some(". An admin can cancel the deletion until it is permanently deleted.")
        }
        _ => None,
    };
    view! {
        <li>
            <div>
                <a class="name" href=routes::Page::Tenant((&line.name).into()).to_string()>{line.wish}</a>
                <p><a href=routes::Page::Organisation((&line.organisation_slug).into()).to_string()>{line.organisation}</a></p>
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
