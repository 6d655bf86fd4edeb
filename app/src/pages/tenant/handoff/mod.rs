//! The one-time delivery of a database's credentials.

mod actions;
mod closed;
pub(super) mod open;
mod set_up_time;

pub use actions::{Confirm, Renew, Reveal};

use self::{closed::closed_view, open::open_view, set_up_time::set_up_in};
use super::confirm::SignInAgain;
use crate::{
    components::{Icon, words},
    pages::{nothing, part},
    web::{Cx, Form, NoReferrer, PageEnd, PageTitle},
};
use innkeeper_domain::{handoff::SEALED_FOR, routes::Page, tenant::TenantState};
use innkeeper_service::tenants::{
    TenantView,
    handoff::{self, HandoffView},
};
use leptos::prelude::*;
use time::{Duration, OffsetDateTime};

/// The page.
#[component]
pub fn HandoffPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(person) = cx.signed_in() else { return ().into_any() };
    let (email, fresh) = (person.email.to_string(), person.fresh);
    let name = part("name");
    view! {
        <NoReferrer/>
        {Suspend::new(async move {
            match handoff::view(&cx.service, &cx.requester, &name).await {
                Ok((tenant, HandoffView::NotReady))
                    if matches!(tenant.state, TenantState::Provisioning | TenantState::Failed) =>
                {
                    nothing(&cx, PageEnd::Redirect(Page::Setup((&tenant.name).into()).into()))
                }
                Ok((tenant, view)) => {
                    let public_url = cx.service.settings.public_url.clone();
                    handoff_view(tenant, view, email, fresh, public_url)
                }
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn handoff_view(
    tenant: TenantView,
    view: HandoffView,
    email: String,
    fresh: bool,
    public_url: String,
) -> AnyView {
    let wish = tenant.wish.clone();
    let (title, body) = match view {
        HandoffView::Open(open) => {
            (format!("Save your credentials for {wish}"), open_view(tenant, *open, email, public_url))
        }
        HandoffView::Sealed { until, fresh } => {
            (format!("{wish} is ready"), sealed(&tenant, until, email, fresh))
        }
        other => (format!("Credentials for {wish}"), closed_view(&tenant, other, fresh)),
    };
    view! {
        <PageTitle text=title/>
        {body}
    }
    .into_any()
}

fn sealed(tenant: &TenantView, until: OffsetDateTime, email: String, fresh: bool) -> AnyView {
    let name = tenant.name.to_string();
    let renewed = is_renewal(tenant, until - SEALED_FOR);
    let (badge, head) = if renewed {
        ("New passwords", format!("New passwords for {}", tenant.wish))
    } else {
        ("Ready", format!("{} is ready", tenant.wish))
    };
    let set_up = (!renewed).then(|| set_up_in(tenant));
    let press = if fresh {
        view! {
            <button type="submit" class="btn btn-primary"><Icon name="lock-keyhole-open"/>"View credentials"</button>
        }
        .into_any()
    } else {
        view! { <SignInAgain back=Page::Handoff((&name).into()) what="Sign in again to view them"/> }
            .into_any()
    };
    let number = tenant.run.as_ref().map(|run| run.2.to_string());
    view! {
        <div class="narrow stack">
            <div class="page-head flush">
                <p class="row"><span class="badge ok">{badge}</span>{set_up}</p>
                <h1>{head}</h1>
                <p>
                    "Your passwords can be viewed once, for 15 minutes. Have your password manager ready."
                </p>
            </div>
            <Form<Reveal> class="card">
                <input type="hidden" name="name" value=name.clone()/>
                <dl class="kv card-body">
                    <div><dt>"Database"</dt><dd class="mono">{name.clone()}</dd></div>
                    <div><dt>"For"</dt><dd>{email}</dd></div>
                    <div><dt>"Available until"</dt><dd><time datetime=words::stamp(until)>{words::moment(until)}</time></dd></div>
                    <div><dt>"Viewed before"</dt><dd>"No"</dd></div>
                </dl>
                <div class="card-foot">
                    {press}
                    <a class="btn btn-quiet" href=Page::Tenant((&name).into()).to_string()>"Later"</a>
                    {(!fresh).then(|| view! {
                        <p class="small dim">"You can view passwords only within 5 minutes of signing in. Your sign-in is older."</p>
                    })}
                </div>
            </Form<Reveal>>
            <p class="small dim">
                "Nobody has viewed them, and we keep no readable copy. If they are not viewed in time, they stop working and you can reset them."
                {number.map(|number| view! { " Support number " <span class="mono">{number}</span> "." })}
            </p>
        </div>
    }
    .into_any()
}

/// Whether what was sealed then replaced older passwords: the first ones are sealed before the database is ready.
fn is_renewal(tenant: &TenantView, sealed_at: OffsetDateTime) -> bool {
    tenant.ready_at.is_some_and(|ready_at| sealed_at > ready_at + Duration::seconds(1))
}
