//! Confirming an address: a press in the browser that asked, or the code.
//!
//! Looking never consumes anything: mail scanners and link previews follow links.

mod ask;
mod over;

use crate::{
    components::words,
    pages::load,
    web::{
        Cx, ErrorSummary, Filled, Issue, NoReferrer, PageTitle, Refusal, Secret, SeeOther, refused,
        see_other, with_query,
    },
};
use ask::{ADD, SIGN_IN, code, press};
use innkeeper_domain::identity::ProviderId;
use innkeeper_service::{
    Error,
    sign_in::{self, Checked, Pending},
};
use leptos::prelude::*;
use over::{adding_over, elsewhere, expired, nothing_pending, used};
use serde::{Deserialize, Serialize};

/// What is sent to confirm an address.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct VerifyForm {
    /// The six digits.
    pub code: Secret,
    /// The link's secret; empty where the person came without it.
    pub token: Secret,
}

/// Checks link or code and signs in: with a new session id, so that an older one is worth nothing.
#[server(prefix = "/do", endpoint = "verify")]
pub async fn verify(
    /// What was sent.
    #[server(flatten)]
    form: VerifyForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = page_of(&form.token.0);
    let checked = match sign_in::check(&cx.service, &cx.visitor, &form.token.0, &form.code.0).await {
        Ok(checked) => checked,
        Err(Error::Overtaken) => return see_other(page),
        Err(error) => return Err(refused(&page, &form, error)),
    };
    if checked.is_link() {
        return add(&cx, checked, page).await;
    }
    let id_hash = cx.session.renew().await?;
    match sign_in::complete(&cx.service, &cx.visitor, checked, &id_hash).await {
        Ok(path) => see_other(path),
        Err(Error::Overtaken) => see_other(page),
        Err(error) => Err(error.into()),
    }
}

/// Makes the mailbox one more way in; the account's page says how it went.
async fn add(cx: &Cx, checked: Checked, page: String) -> Result<SeeOther, Refusal> {
    match sign_in::link(&cx.service, &cx.visitor, checked).await {
        Ok(()) => {
            cx.say("The e-mail address is a way into your account now.").await?;
            see_other("/account")
        }
        Err(Error::NotVouched(refusal)) => {
            let to = with_query("/account", "provider", ProviderId::MAIL);
            see_other(with_query(&to, "reason", refusal.reason.code()))
        }
        Err(Error::Overtaken) => see_other(page),
        Err(error) => Err(error.into()),
    }
}

/// The page, with the link's secret where there is one: the one secret that may stand in a URL.
fn page_of(token: &str) -> String {
    if token.is_empty() { "/verify".into() } else { with_query("/verify", "token", token) }
}

/// The page.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let cx = Cx::get();
    let (form, token) = (cx.form(), cx.asked("token"));
    let asked = token.clone();
    let mailbox = cx.mailbox.is_some();
    let body =
        load(async move { sign_in::pending(&cx.service, &cx.visitor, &asked).await }, move |pending| {
            verify_view(form, pending, token, mailbox)
        });
    view! { <NoReferrer/> {body} }
}

pub(crate) fn verify_view(
    form: Filled<VerifyForm>,
    pending: Pending,
    token: String,
    mailbox: bool,
) -> AnyView {
    let Filled { id, mistakes, .. } = form;
    let wrong = !mistakes.is_empty();
    let mistake = mistakes.of("code").map(str::to_owned);
    let summary = view! { <ErrorSummary mistakes=mistakes.clone() fields=&["code"]/> };
    let (title, body) = match pending {
        Pending::Press { email } => ("Confirm your e-mail address", press(id, token, email, SIGN_IN)),
        Pending::Code { email } => {
            ("Enter the code", code(id, token, email, Issue(mistake), mailbox, SIGN_IN))
        }
        Pending::Adding { email, press: true } => ("Add this e-mail address", press(id, token, email, ADD)),
        Pending::Adding { email, press: false } => {
            ("Enter the code", code(id, token, Some(email), Issue(mistake), mailbox, ADD))
        }
        Pending::AddingElsewhere => ("Go on in the other browser", elsewhere()),
        Pending::AddingOver => ("This mail is over", adding_over()),
        Pending::Expired { email } => ("This sign-in is over", expired(email)),
        Pending::Used { at, from, by_you } => {
            let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
            ("This mail was used already", used(format!("{}{from}", words::moment(at)), by_you))
        }
        Pending::Nothing => ("There is nothing to confirm", nothing_pending()),
    };
    view! {
        <PageTitle text=title error=wrong/>
        <div class="narrow slim stack">
            {summary}
            {body}
        </div>
    }
    .into_any()
}
