//! The one-time delivery of a database's credentials.

use super::{TenantForm, open_handoff::open_view};
use crate::{
    components::{Icon, Notice, SubNav, words},
    pages::{RefreshWithoutScript, nothing, part},
    web::{Cx, Form, PageEnd, PageTitle, Refusal, SeeOther, refused, see_other, with_query},
};
use innkeeper_domain::tenant::TenantState;
use innkeeper_service::{
    Error,
    handoff::{self, HandoffView},
    tenants::TenantView,
};
use leptos::prelude::*;
use leptos_meta::Meta;
use std::net::IpAddr;
use time::OffsetDateTime;

/// Opens the credentials, once, in this browser.
#[server(prefix = "/do", endpoint = "reveal")]
pub async fn reveal(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = format!("/t/{}/handoff", form.name);
    match handoff::reveal(&cx.service, &cx.visitor, &form.name).await {
        Ok(()) | Err(Error::Overtaken) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

/// The person has saved the credentials: the sealed copy is destroyed.
#[server(prefix = "/do", endpoint = "confirm")]
pub async fn confirm(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = format!("/t/{}/handoff", form.name);
    match handoff::confirm(&cx.service, &cx.visitor, &form.name).await {
        Ok(()) => {
            cx.say("Saved. Our sealed copy of the passwords is destroyed.").await?;
            see_other(format!("/t/{}", form.name))
        }
        Err(Error::Overtaken) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

/// Replaces the three passwords and hands them over again.
#[server(prefix = "/do", endpoint = "renew")]
pub async fn renew(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = format!("/t/{}/handoff", form.name);
    match handoff::renew(&cx.service, &cx.visitor, &form.name).await {
        Ok(()) | Err(Error::Overtaken) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

/// The page.
#[component]
pub fn HandoffPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(person) = cx.signed_in() else { return ().into_any() };
    let (email, fresh) = (person.email.to_string(), person.fresh);
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match handoff::view(&cx.service, &cx.visitor, &name).await {
                Ok((tenant, HandoffView::NotReady))
                    if matches!(tenant.state, TenantState::Provisioning | TenantState::Failed) =>
                {
                    nothing(&cx, PageEnd::Redirect(format!("/t/{}/setup", tenant.name)))
                }
                Ok((tenant, view)) => handoff_view(tenant, view, email, fresh),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn handoff_view(tenant: TenantView, view: HandoffView, email: String, fresh: bool) -> AnyView {
    let wish = tenant.wish.clone();
    let (title, body) = match view {
        HandoffView::Open(open) => {
            (format!("Save your credentials for {wish}"), open_view(tenant, *open, email))
        }
        HandoffView::Sealed { until, fresh } => {
            (format!("{wish} is ready"), sealed(&tenant, until, email, fresh))
        }
        other => (format!("Credentials of {wish}"), closed(&tenant, other, fresh)),
    };
    view! {
        <PageTitle text=title/>
        <Meta name="referrer" content="no-referrer"/>
        {body}
    }
    .into_any()
}

fn sealed(tenant: &TenantView, until: OffsetDateTime, email: String, fresh: bool) -> AnyView {
    let name = tenant.name.to_string();
    let press = if fresh {
        view! {
            <button type="submit" class="btn btn-primary"><Icon name="lock-keyhole-open"/>"Reveal credentials"</button>
        }
        .into_any()
    } else {
        view! { <SignInAgain name=name.clone() what="Sign in again to reveal them"/> }.into_any()
    };
    let number = tenant.run.as_ref().map(|run| run.2.to_string());
    view! {
        <div class="narrow stack">
            <div class="page-head flush">
                <p class="row"><span class="badge ok">"Ready"</span>{set_up_in(tenant)}</p>
                <h1>{format!("{} is ready", tenant.wish)}</h1>
                <p>
                    "Three passwords are sealed for you. You can open them once, in this browser, for 15 minutes. \
                     Have your password manager at hand."
                </p>
            </div>
            <Form<Reveal> class="card">
                <input type="hidden" name="name" value=name.clone()/>
                <dl class="kv card-body">
                    <div><dt>"Database"</dt><dd class="mono">{name.clone()}</dd></div>
                    <div><dt>"For"</dt><dd>{email}</dd></div>
                    <div><dt>"Sealed until"</dt><dd><time datetime=words::stamp(until)>{words::moment(until)}</time></dd></div>
                    <div><dt>"Opened before"</dt><dd>"No"</dd></div>
                </dl>
                <div class="card-foot">
                    {press}
                    <a class="btn btn-quiet" href=format!("/t/{name}")>"Later"</a>
                    {(!fresh).then(|| view! {
                        <p class="small dim">"Passwords are shown only within 5 minutes of a sign-in. Yours is older."</p>
                    })}
                </div>
            </Form<Reveal>>
            <p class="small dim">
                "Nobody has seen them, and we keep no readable copy. If they are not opened in time, they stop working \
                 and you make new ones."
                {number.map(|number| view! { " Support number " <span class="mono">{number}</span> "." })}
            </p>
        </div>
    }
    .into_any()
}

/// How long the set-up took, where that is known.
pub(super) fn set_up_in(tenant: &TenantView) -> Option<AnyView> {
    let took = (tenant.ready_at? - tenant.created_at).as_seconds_f64();
    // A set-up that was tried again, or waited, says nothing about its speed.
    (0.0..3600.0).contains(&took).then(|| {
        view! { <span class="small dim">{format!("Set up in {}, every role has signed in", words::seconds(took))}</span> }
            .into_any()
    })
}

/// The states in which nothing can be revealed: what happened, and the way on.
fn closed(tenant: &TenantView, view: HandoffView, fresh: bool) -> AnyView {
    let name = tenant.name.to_string();
    let from = |from: Option<IpAddr>| from.map(|from| format!(" from {from}")).unwrap_or_default();
    let renewing = matches!(view, HandoffView::Renewing);
    let (tone, icon, head, text, renewal) = match view {
        HandoffView::Renewing => (
            "",
            "refresh-cw",
            "New passwords are being made",
            "This takes a few seconds. The old ones stop working now; connections that are open stay open."
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
        HandoffView::Revoked => (
            "warn",
            "rotate-ccw",
            "These credentials were taken back",
            "New passwords were asked for and could not be made. Make them once more.".to_owned(),
            Some(true),
        ),
        // Shown elsewhere: see `handoff_view`; a database that is suspended or being removed hands nothing over.
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
        <div id="handoff" data-live=renewing.then(|| format!("/t/{name}/events"))>
            <div class="page-head"><h1>{format!("Credentials of {}", tenant.wish)}</h1></div>
            <SubNav name=tenant.name.clone() current="/handoff"/>
            <div class="narrow stack">
                <Notice tone icon title=head><p>{text}</p></Notice>
                {renewing.then(|| view! {
                    <p class="row">
                        <a class="btn" href=format!("/t/{name}/handoff")><Icon name="refresh-cw"/>"Check now"</a>
                        <a class="btn btn-quiet" href=format!("/t/{name}/runs")>"See the steps"</a>
                    </p>
                })}
                {renewal.map(|primary| view! { <Renewal name=name.clone() fresh primary/> })}
            </div>
        </div>
    }
    .into_any()
}

/// Makes new passwords, with what that means.
#[component]
fn Renewal(name: String, fresh: bool, primary: bool) -> impl IntoView {
    let press = if fresh {
        let class = if primary { "btn btn-primary" } else { "btn" };
        view! { <button type="submit" class=class><Icon name="key-round"/>"Make new passwords"</button> }
            .into_any()
    } else {
        view! { <SignInAgain name=name.clone() what="Sign in again to make new ones"/> }.into_any()
    };
    view! {
        <Form<Renew> class="card">
            <input type="hidden" name="name" value=name/>
            <div class="card-body">
                <h2>"New passwords for all three roles"</h2>
                <p class="small dim">
                    "The old passwords stop working at once; programs that use them cannot connect again until you \
                     change them there. You receive the new ones like the first: once, for 15 minutes."
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

/// Leads through a fresh sign-in and back.
#[component]
fn SignInAgain(name: String, what: &'static str) -> impl IntoView {
    let href = with_query("/sign-in", "return", &format!("/t/{name}/handoff"));
    view! { <a class="btn btn-primary" href=href><Icon name="lock-keyhole"/>{what}</a> }
}
