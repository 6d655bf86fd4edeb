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
            "New passwords are being made",
            "This takes a few seconds. The old ones no longer work then, and existing connections are ended."
                .to_owned(),
            None,
        ),
        HandoffView::NotYours { addressed_to } => (
            "",
            "lock-keyhole",
            "These credentials are for somebody else",
            format!(
                "They are sealed for {addressed_to}, who can open them once. Ask them, or wait until their time is over."
            ),
            None,
        ),
        HandoffView::OpenElsewhere { at, until, from: address } => (
            "warn",
            "eye",
            "They are open in another browser",
            format!(
                "They were opened on {}{}, and are shown there until {}. If that was not you, make new passwords: \
                 the ones that were shown stop working.",
                words::moment(at),
                from(address),
                words::clock(until)
            ),
            Some(true),
        ),
        HandoffView::Confirmed { at } => (
            "ok",
            "circle-check",
            "The credentials are saved",
            format!(
                "You told us so on {}. Our sealed copy is destroyed: we cannot show them again. If you lose one, \
                 make new passwords.",
                words::moment(at)
            ),
            Some(false),
        ),
        HandoffView::Lapsed { opened_at, from: address } => (
            "warn",
            "timer",
            "The 15 minutes are over",
            format!(
                "The credentials were opened on {}{}. Our sealed copy is destroyed. If you saved them, all is well: \
                 they work. If not, or if that was not you, make new passwords.",
                words::moment(opened_at),
                from(address)
            ),
            Some(true),
        ),
        HandoffView::Expired { at } => (
            "warn",
            "clock",
            "Nobody opened them in time",
            format!(
                "They were sealed until {}, then we destroyed them unread. The three roles have no password until you \
                 make new ones. Your data is untouched.",
                words::moment(at)
            ),
            Some(true),
        ),
        HandoffView::NotRenewed => (
            "bad",
            "circle-alert",
            "New passwords could not be made",
            "The old passwords no longer work, and existing connections were ended. The three roles have no password \
             until you make new ones. Your data is untouched."
                .to_owned(),
            Some(true),
        ),
        HandoffView::Revoked => (
            "warn",
            "rotate-ccw",
            "These credentials were taken back",
            "They can no longer be opened. Make new passwords.".to_owned(),
            Some(true),
        ),
        // Shown elsewhere: see `handoff_view`; a database that is suspended or being destroyed hands nothing over.
        HandoffView::NotReady | HandoffView::Sealed { .. } | HandoffView::Open(_) => (
            "",
            "lock-keyhole",
            "There is nothing to hand over",
            "This database is not in use, so its roles cannot sign in.".to_owned(),
            None,
        ),
    };
    view! {
        {renewing.then(|| view! { <RefreshWithoutScript/> })}
        <div id="handoff" data-live=renewing.then(|| Page::Events((&name).into()).to_string())>
            <div class="page-head"><h1>{format!("Handover of credentials for {}", tenant.wish)}</h1></div>
            <SubNav name=tenant.name.clone() organisation=tenant.organisation_slug.clone() role=MemberRole::Admin current=Page::Credentials/>
            <div class="split">
                <div class="stack">
                    <Notice tone icon title=head><p>{text}</p></Notice>
                    {standing_still(tenant)}
                    {renewing.then(|| view! {
                        <p class="row">
                            <a class="btn" href=Page::Handoff((&name).into()).to_string()><Icon name="refresh-cw"/>"Check now"</a>
                            <a class="btn btn-quiet" href=Page::Runs((&name).into()).to_string()>"See the steps"</a>
                        </p>
                    })}
                    {renewal.filter(|_| !stuck).map(|primary| view! { <Renewal name=name.clone() fresh primary/> })}
                </div>
                <aside class="card card-body" aria-labelledby="how">
                    <h2 id="how">"How it works"</h2>
                    <ul class="ticks tight" role="list">
                        <li><Icon name="check"/><span>"Passwords are drawn by the portal and sealed at once."</span></li>
                        <li><Icon name="check"/><span>"They wait 72 hours to be opened, once, by one person."</span></li>
                        <li><Icon name="check"/><span>"They are shown for 15 minutes, in one browser."</span></li>
                        <li><Icon name="check"/><span>"Then our copy is destroyed. No mail holds a password."</span></li>
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
    let (runs, number) = (Page::Runs((&tenant.name).into()).to_string(), number.to_string());
    let view = view! {
        <Notice tone="bad" icon="circle-alert" title="Needs attention">
            <p>
                "The last change of this database did not finish. The people who run this portal have been told. New \
                 passwords can be made after that. "
                <a href=runs>"See the steps"</a>
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
        view! { <button type="submit" class=class><Icon name="key-round"/>"Make new passwords"</button> }
            .into_any()
    } else {
        view! { <SignInAgain back=Page::Handoff((&name).into()) what="Sign in again to make new ones"/> }
            .into_any()
    };
    view! {
        <Form<Renew> class="card">
            <input type="hidden" name="name" value=name/>
            <div class="card-body">
                <h2>"New passwords for all three roles"</h2>
                <p class="small dim">
                    "The old passwords stop working at once, and existing connections are ended. Programs cannot connect \
                     again until you change the passwords there. You receive the new ones like the first: once, for 15 minutes."
                </p>
            </div>
            <div class="card-foot">
                {press}
                {(!fresh).then(|| view! {
                    <p class="small dim">"Passwords are replaced only within 5 minutes of a sign-in. Yours is older."</p>
                })}
            </div>
        </Form<Renew>>
    }
}
