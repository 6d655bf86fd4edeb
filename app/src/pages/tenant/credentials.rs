//! The login names of a database, and how old their passwords are.

use super::{
    reset_passwords::waiting_in_words,
    standing::{CutOff, PasswordsWait},
    usage::Roles,
};
use crate::{
    components::{CopySecret, Icon, Notice, SubNav, words},
    pages::{RefreshWithoutScript, load, part},
    web::{Cx, PageTitle},
};
use innkeeper_domain::{handoff::HandoffState, organisation::MemberRole, routes::Page, tenant::TenantState};
use innkeeper_service::tenants::lifecycle::{self, CredentialsView};
use leptos::prelude::*;
use time::OffsetDateTime;

/// Passwords older than this should be changed, in days.
const OLD: i64 = 90;

/// The page.
#[component]
pub fn CredentialsPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let name = part("name");
    load(async move { lifecycle::credentials(&cx.service, &cx.requester, &name).await }, credentials_view)
}

pub(crate) fn credentials_view(view: CredentialsView) -> AnyView {
    let waiting = view.waiting();
    let CredentialsView { tenant, roles, usage, changed_at, age_days, live } = view;
    let (name, wish) = (tenant.name.clone(), tenant.wish.clone());
    let working = tenant.run.as_ref().is_some_and(|(_, state, _)| !state.is_over());
    let in_use = tenant.state == TenantState::Active;
    let names: Vec<_> = roles
        .iter()
        .map(|(role, login)| {
            let label = role.label();
            view! {
                <div>
                    <dt>{label}</dt>
                    <dd>
                        <CopySecret
                            id=format!("user-{}", role.as_str()) text=login.clone()
                            label=format!("Copy {} username", label.to_lowercase())
                        />
                    </dd>
                </div>
            }
        })
        .collect();
    view! {
        <PageTitle text=format!("Credentials for {wish}")/>
        {working.then(|| view! { <RefreshWithoutScript/> })}
        <div id="credentials" data-live=working.then(|| Page::Events((&name).into()).to_string())>
            <div class="page-head">
                <h1>{format!("Credentials for {wish}")}</h1>
                <p>"Three usernames, each with its own password. We keep no readable copy of a password."</p>
            </div>
            <SubNav name=name.clone() organisation=tenant.organisation_slug.clone() role=MemberRole::Admin current=Page::Credentials/>
            <div class="split">
                <div class="stack">
                    <CutOff tenant=tenant.clone()/>
                    <PasswordsWait tenant=tenant.clone()/>
                    <Passwords name=name.to_string() age=changed_at.zip(age_days) live waiting in_use/>
                    <Roles tenant usage/>
                </div>
                <aside class="card" aria-labelledby="names">
                    <div class="card-head"><h2 id="names">"Usernames"</h2></div>
                    <dl class="kv card-body">{names}</dl>
                    <div class="card-foot">
                        <a class="btn btn-sm" href=Page::Connect((&name).into()).to_string()><Icon name="plug"/>"How to connect"</a>
                    </div>
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// How old the passwords are, and the way to new ones.
#[component]
fn Passwords(
    name: String,
    /// When they were last changed, and how many days ago that is.
    age: Option<(OffsetDateTime, i64)>,
    /// Something is being done with the database.
    live: bool,
    /// How the last ones stand, while they wait to be saved.
    waiting: Option<HandoffState>,
    in_use: bool,
) -> impl IntoView {
    let old = age.map(|(_, days)| days).filter(|days| *days > OLD);
    let warning = old.map(|days| {
        view! {
            <Notice tone="warn" icon="triangle-alert" title=format!("The passwords are {days} days old")>
                <p>{format!("The longer a password is in use, the more places store it. Reset passwords every {OLD} days.")}</p>
            </Notice>
        }
    });
    let changed = match age {
        Some((at, days)) => view! {
            "Last changed on " <time datetime=words::stamp(at)>{words::moment(at)}</time>
            {match days {
                ..=0 => ", less than a day ago.".to_owned(),
                days => format!(", {} ago.", words::count(usize::try_from(days).unwrap_or_default(), "day", "days")),
            }}
        }
        .into_any(),
        None => "There are no passwords yet.".into_any(),
    };
    let foot = if !in_use {
        "Available once the database is active.".into_any()
    } else if live {
        view! {
            "Available once the current operation has finished. "
            <a href=Page::Activity((&name).into()).to_string()>"View steps"</a>
        }
        .into_any()
    } else if let Some(state) = waiting {
        let (why, link) = waiting_in_words(state);
        view! { {format!("Not available: {why} ")} <a href=Page::Handoff((&name).into()).to_string()>{link}</a> }
            .into_any()
    } else {
        view! {
            <a class="btn btn-primary" href=Page::ResetPasswords((&name).into()).to_string()>
                <Icon name="key-round"/>"Reset passwords"
            </a>
        }
        .into_any()
    };
    view! {
        {warning}
        <section class="card" aria-labelledby="passwords">
            <div class="card-head"><h2 id="passwords">"Passwords"</h2><p>{changed}</p></div>
            <div class="card-body">
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>"All three are reset together. The old ones stop working immediately."</span></li>
                    <li><Icon name="check"/><span>"Existing connections are closed."</span></li>
                    <li><Icon name="check"/><span>"The new ones are shown once, to the admin who resets them."</span></li>
                </ul>
            </div>
            <div class="card-foot small dim">{foot}</div>
        </section>
    }
}
