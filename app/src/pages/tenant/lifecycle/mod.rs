//! Cutting a database off, and destroying it: what each means, and how it stands while it is done.

pub mod actions;
pub mod ask;
pub(super) mod run_status;
mod status;
pub(crate) mod views;

use self::status::{Waiting, backup_rows};
use crate::{
    components::{Icon, SubNav, TenantBadge, words},
    pages::{
        RefreshWithoutScript, nothing, part,
        tenant::{
            lifecycle::run_status::{DAYS, RunStanding, Support, Watched, on_show},
            usage::sessions_in_words,
        },
    },
    web::{Cx, PageEnd, PageTitle},
};
use innkeeper_domain::{
    organisation::MemberRole,
    routes::Page,
    run::{RunKind, RunState},
    tenant::TenantState,
};
use innkeeper_service::tenants::lifecycle::{self, DangerView};
use leptos::prelude::*;

/// The page.
#[component]
pub fn DangerPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match lifecycle::danger(&cx.service, &cx.requester, &name).await {
                Ok(DangerView { tenant, .. })
                    if matches!(tenant.state, TenantState::Provisioning | TenantState::Failed) =>
                {
                    nothing(&cx, PageEnd::Redirect(Page::Setup((&tenant.name).into()).into()))
                }
                Ok(view) => danger_view(view),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn danger_view(view: DangerView) -> AnyView {
    let name = view.tenant.name.clone();
    // A run that is stuck does not go on by itself: its page need not look.
    let working = view.tenant.run.as_ref().is_some_and(|(_, state, _)| !state.is_over());
    let run = on_show(&view.tenant, view.run.as_ref()).cloned();
    let number = run.as_ref().map(|run| run.support_number.to_string());
    // A destruction that was undone is no failure to look into.
    let steps = run.clone().filter(|run| (run.kind, run.state) != (RunKind::Destroy, RunState::Failed));
    // What is under way says itself what can be done.
    let offered = steps.as_ref().is_none_or(|run| run.state == RunState::Failed);
    let deeds = match view.tenant.state {
        TenantState::Active if offered => {
            view! { <Suspending view=view.clone()/> <Destroying view=view.clone()/> }.into_any()
        }
        TenantState::Suspended if offered => {
            view! { <Resuming view=view.clone()/> <Destroying view=view.clone()/> }.into_any()
        }
        _ => ().into_any(),
    };
    let offered = offered && matches!(view.tenant.state, TenantState::Active | TenantState::Suspended);
    view! {
        <PageTitle text=format!("Danger zone of {}", view.tenant.wish)/>
        {working.then(|| view! { <RefreshWithoutScript/> })}
        <div id="life" data-live=working.then(|| Page::Events((&name).into()).to_string())>
            <div class="page-head">
                <p class="row"><TenantBadge state=view.tenant.state/><span class="small dim">{view.tenant.organisation.clone()}</span></p>
                <h1>{format!("Danger zone of {}", view.tenant.wish)}</h1>
                {offered.then(|| view! {
                    <p>"You confirm each action on the next page."</p>
                })}
            </div>
            <SubNav name=name.clone() organisation=view.tenant.organisation_slug.clone() role=MemberRole::Admin current=Page::Danger/>
            <div class="split">
                <div class="stack">
                    <RunStanding name=name.clone() run live=view.live/>
                    <Waiting view=view.clone()/>
                    {steps.map(|run| view! { <Watched run page=Page::Danger((&name).into())/> })}
                    {deeds}
                </div>
                <aside class="stack">
                    <AtStake view/>
                    {number.map(|number| view! { <Support number/> })}
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// What a deed does, in points, and the way to it.
#[component]
fn Deed(
    id: &'static str,
    title: &'static str,
    points: Vec<(&'static str, String)>,
    /// The link: label, classes, address.
    link: (&'static str, &'static str, String),
    /// Whether something else has to end first.
    waits: bool,
) -> impl IntoView {
    let points: Vec<_> = points
        .into_iter()
        .map(|(icon, text)| view! { <li><Icon name=icon/><span>{text}</span></li> })
        .collect();
    let foot = if waits {
        view! { <p class="small dim">"Available once the current operation has finished."</p> }.into_any()
    } else {
        let (label, class, href) = link;
        view! { <a class=class href=href>{label}</a> }.into_any()
    };
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head"><h2 id=id>{title}</h2></div>
            <div class="card-body"><ul class="ticks dim" role="list">{points}</ul></div>
            <div class="card-foot">{foot}</div>
        </section>
    }
}

#[component]
fn Suspending(view: DangerView) -> impl IntoView {
    let points = vec![
        ("lock-keyhole", "Existing connections are closed immediately. Nobody can connect.".to_owned()),
        ("database", "Data, passwords and allowed IP addresses are kept.".into()),
        ("rotate-ccw", "An admin can resume it at any time.".into()),
    ];
    let link = ("Suspend database", "btn", Page::Suspend((&view.tenant.name).into()).to_string());
    view! { <Deed id="suspend" title="Suspend" points link waits=view.live/> }
}

#[component]
fn Resuming(view: DangerView) -> impl IntoView {
    let from = words::reach_phrase(&view.tenant.reach);
    let points = vec![
        ("lock-keyhole-open", format!("Connections are allowed again, {from}.")),
        ("key-round", "The same passwords work; nothing changes in your applications.".into()),
    ];
    let link = ("Resume database", "btn btn-primary", Page::Resume((&view.tenant.name).into()).to_string());
    view! { <Deed id="resume" title="Resume" points link waits=view.live/> }
}

#[component]
fn Destroying(view: DangerView) -> impl IntoView {
    let points = vec![
        ("lock-keyhole", "Access is blocked immediately, and a final backup is taken.".to_owned()),
        ("shield-check", "If that backup cannot be taken and verified, nothing is deleted.".into()),
        ("timer", format!("An admin can cancel the deletion for {DAYS} days. Until then all data is kept.")),
        ("x", format!("After {DAYS} days the database, roles and passwords are permanently deleted.")),
    ];
    let link = ("Delete database", "btn btn-danger", Page::Delete((&view.tenant.name).into()).to_string());
    view! { <Deed id="destroy" title="Delete" points link waits=view.live/> }
}

/// What it is about, and who decides.
#[component]
fn AtStake(view: DangerView) -> impl IntoView {
    let DangerView { tenant, usage, admins, backup, .. } = view;
    let size = usage.as_ref().map_or_else(|| "Not known".into(), |usage| words::bytes(usage.size_bytes));
    let there = tenant.state != TenantState::Destroyed;
    let size = there.then(|| view! { <div><dt>"Size"</dt><dd>{size}</dd></div> });
    let sessions = (tenant.state == TenantState::Active).then(|| {
        view! { <div><dt>"Active connections"</dt><dd>{sessions_in_words(usage.as_ref())}</dd></div> }
    });
    let admins: Vec<_> = admins
        .into_iter()
        .enumerate()
        .map(|(at, admin)| view! { {(at > 0).then(|| view! { <br/> })} {admin} })
        .collect();
    view! {
        <section class="card" aria-labelledby="stake">
            <div class="card-head"><h2 id="stake">"This database"</h2></div>
            <dl class="kv card-body">
                <div><dt>"Database"</dt><dd class="mono">{tenant.name.to_string()}</dd></div>
                <div><dt>"Organisation"</dt><dd>{tenant.organisation}</dd></div>
                {size}
                {sessions}
                {backup.map(backup_rows)}
                {there.then(|| view! { <div><dt>"Admins"</dt><dd>{admins}</dd></div> })}
            </dl>
        </section>
    }
}
