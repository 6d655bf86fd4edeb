//! An organisation at a glance: its databases, its people, its address.

use super::{
    address::{Address, AddressForm, RenameSlug},
    nav::{OrganisationNav, moved},
    roles::role_label,
};
use crate::{
    components::{Icon, TenantBadge, words},
    pages::{load, part},
    web::{Cx, ErrorSummary, Filled, PageTitle},
};
use innkeeper_domain::{organisation::MemberRole, permission::Permission, routes::Page};
use innkeeper_service::{
    organisations::{self, OrganisationView},
    tenants::{self, TenantLine},
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn OrganisationPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(fresh) = cx.signed_in().map(|person| person.fresh) else { return ().into_any() };
    let (slug, asked) = (part("slug"), part("slug"));
    let (form, ends) = (cx.form::<RenameSlug, _>(), cx.clone());
    load(
        async move {
            let view = organisations::open(&cx.service, &cx.requester, &slug).await?;
            let databases = tenants::of_organisation(&cx.service, &cx.requester, view.id).await?;
            Ok((view, databases))
        },
        move |(view, databases)| {
            if view.slug.as_str() != asked {
                return moved(&ends, &view.slug, Page::Organisation);
            }
            organisation_view(view, databases, form, fresh)
        },
    )
}

pub(crate) fn organisation_view(
    view: OrganisationView,
    (lines, total): (Vec<TenantLine>, i64),
    form: Filled<AddressForm>,
    fresh: bool,
) -> AnyView {
    let mistakes = form.mistakes.clone();
    let slug = view.slug.clone();
    let address =
        view.may(Permission::OrganisationRename).then(|| view! { <Address slug=slug.clone() form fresh/> });
    let sign_in = view.may(Permission::SsoView).then(|| {
        view! {
            <section class="card" aria-labelledby="sso">
                <div class="card-head"><h2 id="sso">"Single sign-on (SSO)"</h2></div>
                <p class="card-body small dim">"Your identity provider, verified domains, group mapping, and enforcing SSO."</p>
                <div class="card-foot">
                    <a class="btn" href=Page::SignInSettings((&view.slug).into()).to_string()><Icon name="lock-keyhole"/>"Sign-in settings"</a>
                </div>
            </section>
        }
    });
    let members = words::count(usize::try_from(view.members).unwrap_or_default(), "member", "members");
    view! {
        <PageTitle text=view.name.clone() error=!mistakes.is_empty()/>
        <ErrorSummary mistakes fields=&["slug"]/>
        <div class="page-head">
            <div class="row between">
                <h1>{view.name.clone()}</h1>
                {(view.role == MemberRole::Admin).then(|| view! {
                    <a class="btn" href=Page::Database.to_string()><Icon name="plus"/>"New database"</a>
                })}
            </div>
            <p>{format!("{members}. Your role: {}.", role_label(view.role))}</p>
        </div>
        <OrganisationNav slug role=view.role current=Page::Organisation/>
        <div class="stack">
            <Databases name=view.name lines total/>
            {sign_in}
            {address}
        </div>
    }
    .into_any()
}

#[component]
fn Databases(name: String, lines: Vec<TenantLine>, total: i64) -> impl IntoView {
    let total = usize::try_from(total).unwrap_or_default();
    let all = (total > lines.len()).then(|| {
        let to = Page::Tenants.with("search", &name);
        view! { <div class="card-foot"><a class="btn btn-sm" href=to.to_string()>"All databases"</a></div> }
    });
    let rows: Vec<_> = lines.into_iter().map(|line| view! { <Line line/> }).collect();
    let body = if rows.is_empty() {
        view! { <p class="card-body dim">"No databases yet."</p> }.into_any()
    } else {
        view! { <ul class="rows" role="list">{rows}</ul> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="databases">
            <div class="card-head">
                <h2 id="databases">"Databases"</h2>
                <span class="push small dim">{words::count(total, "database", "databases")}</span>
            </div>
            {body}
            {all}
        </section>
    }
}

#[component]
fn Line(line: TenantLine) -> impl IntoView {
    view! {
        <li>
            <a class="name" href=Page::Tenant((&line.name).into()).to_string()>{line.wish}</a>
            <p><span class="mono">{line.name}</span> ", " {line.plan_label} ", " {line.region_label}</p>
            <TenantBadge state=line.state unconfirmed=line.unconfirmed/>
            <span class="go"><Icon name="chevron-right"/></span>
        </li>
    }
}
