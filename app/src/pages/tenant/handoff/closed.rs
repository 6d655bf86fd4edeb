//! The credentials when there is nothing to reveal.

use super::actions::Renew;
use crate::{
    components::{Icon, Notice, SubNav, words},
    pages::{RefreshWithoutScript, tenant::confirm::SignInAgain},
    web::Form,
};
use innkeeper_domain::{organisation::MemberRole, routes::Page, run::RunState};
use innkeeper_service::tenants::{TenantView, handoff::HandoffView};
use leptos::prelude::*;
use std::net::IpAddr;

/// The states in which nothing can be revealed: what happened, and the way on.
pub(super) fn closed_view(tenant: &TenantView, view: HandoffView, fresh: bool) -> AnyView {
    let name = tenant.name.to_string();
    let from = |from: Option<IpAddr>| from.map(|from| format!(" from {from}")).unwrap_or_default();
    let renewing = matches!(view, HandoffView::Renewing);
    let stuck = matches!(tenant.run, Some((_, RunState::Stuck, _)));
    let (tone, icon, head, text, renewal) = match view {
        HandoffView::Renewing => (
            "",
            "refresh-cw",
            "Passwords are being reset",
            "This takes a few seconds. The old passwords stop working, and existing connections are closed."
                .to_owned(),
            None,
        ),
        HandoffView::NotYours { addressed_to } => (
            "",
            "lock-keyhole",
            "These credentials are for somebody else",
            format!(
                "{addressed_to} can view them once. Ask them, or wait until the credentials expire."
            ),
            None,
        ),
        HandoffView::OpenElsewhere { at, until, from: address } => (
            "warn",
            "eye",
            "Credentials are being viewed in another browser",
            format!(
                "They were opened on {}{}, and are shown there until {}. If that was not you, reset the passwords: the ones that were shown stop working.",
                words::moment(at),
                from(address),
                words::clock(until)
            ),
            Some(true),
        ),
        HandoffView::Confirmed { at } => (
            "ok",
            "circle-check",
            "Credentials saved",
            format!(
                "Confirmed on {}. Our encrypted copy is deleted: we cannot show them again. If you lose one, reset the passwords.",
                words::moment(at)
            ),
            Some(false),
        ),
        HandoffView::Lapsed { opened_at, from: address } => (
            "warn",
            "timer",
            "Viewing window closed",
            format!(
                "The credentials were viewed on {}{}. Our encrypted copy is deleted. If you saved them, they still work. If not, or if that was not you, reset the passwords.",
                words::moment(opened_at),
                from(address)
            ),
            Some(true),
        ),
        HandoffView::Expired { at } => (
            "warn",
            "clock",
            "Credentials expired",
            format!(
                "They were available until {} and nobody viewed them. The three roles have no password until you reset the passwords. Your data is unchanged.",
                words::moment(at)
            ),
            Some(true),
        ),
        HandoffView::NotRenewed => (
            "bad",
            "circle-alert",
            "Passwords could not be reset",
            "The old passwords no longer work, and existing connections were closed. The three roles have no password until you reset the passwords. Your data is unchanged."
                .to_owned(),
            Some(true),
        ),
        HandoffView::Revoked => (
            "warn",
            "rotate-ccw",
            "Credentials revoked",
            "They can no longer be viewed. Reset the passwords.".to_owned(),
            Some(true),
        ),
        // Shown elsewhere: see `handoff_view`; a database that is suspended or being destroyed hands nothing over.
        HandoffView::NotReady | HandoffView::Sealed { .. } | HandoffView::Open(_) => (
            "",
            "lock-keyhole",
            "No credentials available",
            "This database is not active, so its roles cannot sign in.".to_owned(),
            None,
        ),
    };
    view! {
        {renewing.then(|| view! { <RefreshWithoutScript/> })}
        <div id="handoff" data-live=renewing.then(|| Page::Events((&name).into()).to_string())>
            <div class="page-head"><h1>{format!("Credentials for {}", tenant.wish)}</h1></div>
            <SubNav name=tenant.name.clone() organisation=tenant.organisation_slug.clone() role=MemberRole::Admin current=Page::Credentials/>
            <div class="split">
                <div class="stack">
                    <Notice tone icon title=head><p>{text}</p></Notice>
                    {standing_still(tenant)}
                    {renewing.then(|| view! {
                        <p class="row">
                            <a class="btn" href=Page::Handoff((&name).into()).to_string()><Icon name="refresh-cw"/>"Check now"</a>
                            <a class="btn btn-quiet" href=Page::Activity((&name).into()).to_string()>"View steps"</a>
                        </p>
                    })}
                    {renewal.filter(|_| !stuck).map(|primary| view! { <Renewal name=name.clone() fresh primary/> })}
                </div>
                <aside class="card card-body" aria-labelledby="how">
                    <h2 id="how">"How it works"</h2>
                    <ul class="ticks tight" role="list">
                        <li><Icon name="check"/><span>"Passwords are generated and encrypted immediately."</span></li>
                        <li><Icon name="check"/><span>"They can be viewed for 72 hours, once, by one person."</span></li>
                        <li><Icon name="check"/><span>"They are shown for 15 minutes, in one browser."</span></li>
                        <li><Icon name="check"/><span>"Then our copy is deleted. No e-mail contains a password."</span></li>
                    </ul>
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// That something which was done with the database stands still: new passwords have to wait for it.
fn standing_still(tenant: &TenantView) -> Option<AnyView> {
    let (_, _, number) = tenant.run.as_ref().filter(|(_, state, _)| *state == RunState::Stuck)?;
    let (runs, number) = (Page::Activity((&tenant.name).into()).to_string(), number.to_string());
    let view = view! {
        <Notice tone="bad" icon="circle-alert" title="Needs attention">
            <p>
                "The last operation on this database did not finish. The operators of this portal can see it. You can reset the passwords once it has finished. "
                <a href=runs>"View steps"</a>
            </p>
            <p class="small">"Support number: " <span class="mono">{number}</span></p>
        </Notice>
    };
    Some(view.into_any())
}

/// Makes new passwords, with what that means.
#[component]
fn Renewal(name: String, fresh: bool, primary: bool) -> impl IntoView {
    let press = if fresh {
        let class = if primary { "btn btn-primary" } else { "btn" };
        view! { <button type="submit" class=class><Icon name="key-round"/>"Reset passwords"</button> }
            .into_any()
    } else {
        view! { <SignInAgain back=Page::Handoff((&name).into()) what="Sign in again to reset them"/> }
            .into_any()
    };
    view! {
        <Form<Renew> class="card">
            <input type="hidden" name="name" value=name/>
            <div class="card-body">
                <h2>"Reset the passwords of all three roles"</h2>
                <p class="small dim">
                    "The old passwords stop working immediately, and existing connections are closed. Applications cannot connect until you update the passwords there. The new ones are shown like the first: once, for 15 minutes."
                </p>
            </div>
            <div class="card-foot">
                {press}
                {(!fresh).then(|| view! {
                    <p class="small dim">"You can reset passwords only within 5 minutes of signing in. Your sign-in is older."</p>
                })}
            </div>
        </Form<Renew>>
    }
}
