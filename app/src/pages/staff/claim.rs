//! A link by which one person becomes staff.
//!
//! Looking never consumes it: link previews and scanners follow links.

use crate::{
    components::Icon,
    pages::load,
    web::{Cx, Form, NoReferrer, PageTitle, Refusal, Secret, SeeOther, needs, see_other},
};
use innkeeper_domain::{routes::Page, staff::StaffRole};
use innkeeper_service::{
    Error,
    people::{
        session,
        staff::{self, Standing},
    },
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is sent to become staff.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ClaimForm {
    /// The link's secret.
    pub token: Secret,
}

/// Makes the person staff: with a new session id, as at a sign-in, so that an older one may not more than before.
#[server(prefix = "/do", endpoint = "staff-claim")]
pub async fn claim(
    /// What was sent.
    #[server(flatten)]
    form: ClaimForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let claimed = match staff::claim(&cx.service, &cx.requester, &form.token.0).await {
        Ok(claimed) => claimed,
        // The page says how it stands.
        Err(Error::Conflict) => return see_other(Page::StaffClaim.with("token", &form.token.0)),
        Err(error) => return Err(error.into()),
    };
    let id_hash = cx.session.renew().await?;
    session::carry_over(&cx.service, &cx.requester, &claimed.session, &id_hash).await?;
    cx.say(&format!("You are now staff. Your role: {}.", claimed.role.as_str())).await?;
    see_other(Page::Staff)
}

needs!(Claim, StaffClaim);

/// What the page knows besides the link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Around {
    /// The person's address, once signed in.
    pub(crate) email: Option<String>,
    /// The ways in that count for staff.
    pub(crate) ways: Vec<String>,
}

impl Around {
    fn of(cx: &Cx) -> Self {
        let labels = cx.service.providers.all().iter().map(|provider| provider.label.clone());
        let mail = cx.service.settings.on_one_machine().then(|| "e-mail".to_owned());
        Self {
            email: cx.requester.account.as_ref().map(|person| person.email.to_string()),
            ways: labels.chain(["a passkey".to_owned()]).chain(mail).collect(),
        }
    }

    /// `Authentik, GitHub or a passkey`.
    fn ways(&self) -> String {
        match self.ways.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}

/// The page.
#[component]
pub fn StaffClaimPage() -> impl IntoView {
    let cx = Cx::get();
    let (around, token) = (Around::of(&cx), cx.asked("token"));
    let asked = token.clone();
    let body =
        load(async move { staff::standing(&cx.service, &cx.requester, &asked).await }, move |standing| {
            claim_view(standing, token, &around)
        });
    view! { <NoReferrer/> {body} }
}

pub(crate) fn claim_view(standing: Standing, token: String, around: &Around) -> AnyView {
    let (title, body) = match standing {
        Standing::Dead => ("This link does not work", dead()),
        Standing::SignIn => ("Sign in first", sign_in(around)),
        Standing::OtherWay => ("Sign in with another method", other_way(around)),
        Standing::Stale => ("Confirm it's you", stale(around)),
        Standing::Open(role) => ("Accept staff role", open(role, token, around)),
    };
    view! {
        <PageTitle text=title/>
        <div class="narrow slim stack">
            <div class="page-head flush"><h1>{title}</h1></div>
            {body}
        </div>
    }
    .into_any()
}

fn dead() -> AnyView {
    view! {
        <p>
            "It was already used, is older than 24 hours, or is incomplete. Create a new one on the server with " <code>"innkeeper staff add"</code> "."
        </p>
        <p><a class="btn btn-primary" href=Page::Landing.to_string()>"Home"</a></p>
    }
    .into_any()
}

fn sign_in(around: &Around) -> AnyView {
    let ways = around.ways();
    view! {
        <p>{format!(
            "This link gives one person a staff role: whoever is signed in when it is used. Sign in with {ways}, then open the link again."
        )}</p>
        <p><a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in"</a></p>
    }
    .into_any()
}

fn other_way(around: &Around) -> AnyView {
    let (ways, email) = (around.ways(), around.email.clone());
    view! {
        <p>
            "You are signed in as " <strong>{email}</strong> ", with a method that is not accepted for staff."
            {format!(" Sign in with {ways}, then open this link again.")}
        </p>
        <p>"If you have none of them yet, add one to your account, sign in with it, and open this link again."</p>
        <p class="row">
            <a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in with another method"</a>
            <a class="btn btn-quiet" href=Page::Account.to_string()>"Your account"</a>
        </p>
    }
    .into_any()
}

fn stale(around: &Around) -> AnyView {
    let ways = around.ways();
    view! {
        <p>{format!(
            "You can accept a staff role only within 5 minutes of signing in. Sign in again with {ways}, then open this link again."
        )}</p>
        <p><a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in again"</a></p>
    }
    .into_any()
}

fn open(role: StaffRole, token: String, around: &Around) -> AnyView {
    let email = around.email.clone();
    view! {
        <p>"This link gives one person a staff role, once. You are about to use it."</p>
        <Form<Claim> class="card">
            <input type="hidden" name="token" value=token/>
            <dl class="kv card-body">
                <div><dt>"Account"</dt><dd>{email}</dd></div>
                <div><dt>"Role"</dt><dd>{role.label()}</dd></div>
                <div><dt>"You may"</dt><dd>{format!("{}.", role.may())}</dd></div>
            </dl>
            <div class="card-foot">
                <button type="submit" class="btn btn-primary"><Icon name="user-check"/>"Accept staff role"</button>
                <a class="btn btn-quiet" href=Page::Landing.to_string()>"Not now"</a>
            </div>
        </Form<Claim>>
    }
    .into_any()
}
