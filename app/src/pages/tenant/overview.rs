//! One database at a glance.

use super::{
    standing::{CutOff, PasswordsWait, SessionsEnded, StorageFull},
    usage::{Numbers, Roles},
};
use crate::{
    components::{Badge, Icon, IsolationPicture, PlanLimits, SubNav, TenantBadge, words},
    pages::{nothing, part},
    web::{Cx, PageEnd, PageTitle},
};
use innkeeper_domain::{
    allowlist::Reach,
    handoff::HandoffState,
    permission::Permission,
    ports::Usage,
    routes::{Page, TenantPage},
    tenant::TenantState,
};
use innkeeper_service::tenants::{
    self, EndedLine, TenantView,
    lifecycle::{self, BackupLine},
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match tenants::open(&cx.service, &cx.requester, &name).await {
                Ok(tenant) if matches!(tenant.state, TenantState::Provisioning | TenantState::Failed) => {
                    nothing(&cx, PageEnd::Redirect(Page::Setup((&tenant.name).into()).into()))
                }
                Ok(tenant) => {
                    let usage = tenants::usage(&cx.service, &tenant).await;
                    let found = async {
                        let backup = lifecycle::last_backup(&cx.service, &cx.requester, &tenant).await?;
                        Ok((backup, tenants::ended_lately(&cx.service, &cx.requester, &tenant).await?))
                    };
                    match found.await {
                        Ok((backup, ended)) => overview_view(tenant, usage, backup, ended),
                        Err(error) => nothing(&cx, PageEnd::Problem(error)),
                    }
                }
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn overview_view(
    tenant: TenantView,
    usage: Option<Usage>,
    backup: Option<BackupLine>,
    ended: Vec<EndedLine>,
) -> AnyView {
    let (name, role) = (tenant.name.clone(), tenant.role);
    let parts = if tenant.state == TenantState::Destroyed {
        view! { <Facts tenant=tenant.clone()/> }.into_any()
    } else {
        view! { <Parts tenant=tenant.clone() usage backup/> }.into_any()
    };
    view! {
        <PageTitle text=tenant.wish.clone()/>
        <div class="page-head">
            <p class="row"><TenantBadge state=tenant.state/><span class="small dim">{tenant.organisation.clone()}</span></p>
            <div class="row between">
                <h1>{tenant.wish.clone()}</h1>
                {first_thing(&tenant).map(|(page, icon, label)| view! {
                    <a class="btn btn-primary" href=page((&name).into()).to_string()><Icon name=icon/>{label}</a>
                })}
            </div>
        </div>
        <SubNav name=name.clone() organisation=tenant.organisation_slug.clone() role current=Page::Tenant/>
        <div class="stack">
            <CutOff tenant=tenant.clone()/>
            <StorageFull tenant=tenant.clone()/>
            <SessionsEnded lines=ended/>
            <PasswordsWait tenant/>
            {parts}
        </div>
    }
    .into_any()
}

/// What most people come for: page, icon and label.
fn first_thing(tenant: &TenantView) -> Option<(TenantPage, &'static str, &'static str)> {
    let admin = tenant.may(Permission::LifecycleChange);
    match tenant.state {
        TenantState::Suspended if admin => Some((Page::Resume, "rotate-ccw", "Resume database")),
        TenantState::Destroying if admin => Some((Page::CancelDeletion, "rotate-ccw", "Cancel deletion")),
        TenantState::Suspended | TenantState::Destroying | TenantState::Destroyed => None,
        _ => Some((Page::Connect, "plug", "Connect")),
    }
}

/// All that there is to a database that is there.
#[component]
fn Parts(tenant: TenantView, usage: Option<Usage>, backup: Option<BackupLine>) -> impl IntoView {
    let (name, admin) = (tenant.name.to_string(), tenant.may(Permission::PlanView));
    view! {
        <Numbers tenant=tenant.clone() usage=usage.clone() backup/>
        <div class="split">
            <div class="stack">
                <Checklist tenant=tenant.clone()/>
                <Roles tenant=tenant.clone() usage/>
                {(tenant.state == TenantState::Active).then(|| view! { <Isolation tenant=tenant.clone()/> })}
            </div>
            <aside class="stack">
                <Facts tenant=tenant.clone()/>
                <section class="card" aria-labelledby="plan">
                    <div class="card-head">
                        <h2 id="plan">{format!("Plan {}", tenant.plan.label)}</h2>
                        {admin.then(|| view! { <a class="push small" href=Page::Plan((&name).into()).to_string()>"Change plan"</a> })}
                    </div>
                    <PlanLimits limits=tenant.plan.limits.clone()/>
                </section>
            </aside>
        </div>
    }
}

/// What is left to do with a new database.
#[component]
fn Checklist(tenant: TenantView) -> impl IntoView {
    let name = &tenant.name;
    let saved = matches!(tenant.handoff, Some(HandoffState::Confirmed));
    let connected = tenant.first_connected_at.is_some();
    // Only admins have that page.
    let admin = tenant.may(Permission::HandoffView);
    if (saved && connected) || tenant.state != TenantState::Active {
        return ().into_any();
    }
    let items: Vec<_> = [
        (
            true,
            "Database created",
            "Every role has signed in successfully",
            Page::Activity(name.into()),
            "View activity log",
        ),
        (
            saved,
            "Save credentials",
            "Shown once, for 15 minutes",
            Page::Handoff(name.into()),
            "View credentials",
        ),
        (connected, "Connect", "Waiting for the first connection", Page::Connect(name.into()), "View status"),
    ]
    .into_iter()
    .map(|(done, what, why, page, link)| {
        let (state, said) = if done { ("done", "Done: ") } else { ("waiting", "To do: ") };
        view! {
            <li data-state=state>
                <span class="dot">{done.then(|| view! { <Icon name="check"/> })}</span>
                <div><p class="what"><span class="vh">{said}</span>{what}</p><p class="why">{why}</p></div>
                {(!done && (admin || !matches!(page, Page::Handoff(_)))).then(|| view! { <a class="small" href=page.to_string()>{link}</a> })}
            </li>
        }
    })
    .collect();
    view! {
        <section class="card" aria-labelledby="first-steps">
            <div class="card-head"><h2 id="first-steps">"Get started"</h2></div>
            <ol class="timeline" role="list">{items}</ol>
        </section>
    }
    .into_any()
}

/// The picture of what is let in and what is shut.
#[component]
fn Isolation(tenant: TenantView) -> impl IntoView {
    let from = words::reach_phrase(&tenant.reach);
    let open = tenant.reach == Reach::Anywhere;
    view! {
        <section class="card" aria-labelledby="isolation">
            <div class="card-head">
                <h2 id="isolation">"Network access"</h2>
                {open.then(|| view! { <Badge tone="warn" text="All IP addresses"/> })}
            </div>
            <div class="card-body plans">
                <IsolationPicture from=from.clone() open/>
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>{format!("Connections are allowed {from}.")}</span></li>
                    <li><Icon name="check"/><span>"TLS is required, and passwords are never sent in the clear (SCRAM)."</span></li>
                    <li><Icon name="check"/><span>"Its three roles can connect to this database and no other."</span></li>
                    <li><Icon name="check"/><span>"Tested when created: forbidden attempts were rejected."</span></li>
                </ul>
            </div>
        </section>
    }
}

/// Where it is and what it has.
#[component]
fn Facts(tenant: TenantView) -> impl IntoView {
    let addresses: Vec<_> = words::reach_lines(&tenant.reach)
        .into_iter()
        .enumerate()
        .map(|(at, line)| view! { {(at > 0).then(|| view! { <br/> })} {line} })
        .collect();
    let extensions = match tenant.extensions.as_slice() {
        [] => "None".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    let endpoint = tenant.endpoint.map(|endpoint| {
        view! {
            <div><dt>"Host"</dt><dd class="mono">{endpoint.host}</dd></div>
            <div><dt>"Port"</dt><dd class="mono">{endpoint.port.to_string()}</dd></div>
        }
    });
    let handoff = match tenant.handoff {
        Some(HandoffState::Sealed) => "Ready, not viewed yet",
        Some(HandoffState::Open) => "Being viewed, not confirmed yet",
        Some(HandoffState::Confirmed) => "Saved",
        Some(HandoffState::Lapsed) => "Viewed, not confirmed",
        Some(HandoffState::Expired) => "Expired, never viewed",
        Some(HandoffState::Revoked) => "Being reset",
        None => "None yet",
    };
    let first = tenant.first_connected_at.map_or_else(|| "Not seen yet".to_owned(), words::moment);
    view! {
        <section class="card" aria-labelledby="facts">
            <div class="card-head"><h2 id="facts">"Database"</h2></div>
            <dl class="kv card-body">
                {endpoint}
                <div><dt>"Database"</dt><dd class="mono">{tenant.name.to_string()}</dd></div>
                <div><dt>"Version"</dt><dd>{format!("PostgreSQL {}", tenant.major)}</dd></div>
                <div><dt>"Region"</dt><dd>{tenant.region_label}</dd></div>
                <div><dt>"Allowed IP addresses"</dt><dd class="mono">{addresses}</dd></div>
                <div><dt>"Extensions"</dt><dd>{extensions}</dd></div>
                <div><dt>"Credentials"</dt><dd>{handoff}</dd></div>
                <div><dt>"First connection"</dt><dd>{first}</dd></div>
                <div><dt>"Created"</dt><dd><time datetime=words::stamp(tenant.created_at)>{words::moment(tenant.created_at)}</time></dd></div>
            </dl>
        </section>
    }
}
