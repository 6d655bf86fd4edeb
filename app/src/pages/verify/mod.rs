//! Confirming an address: a press in the browser that asked, or the code.
//!
//! Looking never consumes anything: mail scanners and link previews follow links.

mod actions;
mod ask;
mod over;

pub use actions::{Verify, VerifyForm};

use crate::{
    components::words,
    pages::load,
    web::{Cx, ErrorSummary, Filled, Issue, NoReferrer, PageTitle},
};
use ask::{ADD, SIGN_IN, code, press};
use innkeeper_service::sign_in::email::{self, Pending};
use leptos::prelude::*;
use over::{adding_over, elsewhere, expired, nothing_pending, used};

/// The page.
#[component]
pub fn VerifyPage() -> impl IntoView {
    let cx = Cx::get();
    let (form, token) = (cx.form::<Verify, _>(), cx.asked("token"));
    let asked = token.clone();
    let mailbox = cx.keeps_mails;
    let body =
        load(async move { email::pending(&cx.service, &cx.requester, &asked).await }, move |pending| {
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
        Pending::Press { email } => ("Verify your e-mail address", press(id, token, email, SIGN_IN)),
        Pending::Code { email } => {
            ("Enter the code", code(id, token, email, Issue(mistake), mailbox, SIGN_IN))
        }
        Pending::Adding { email, press: true } => ("Add this e-mail address", press(id, token, email, ADD)),
        Pending::Adding { email, press: false } => {
            ("Enter the code", code(id, token, Some(email), Issue(mistake), mailbox, ADD))
        }
        Pending::AddingElsewhere => ("Open the link in the browser you started in", elsewhere()),
        Pending::AddingOver => ("This link has expired", adding_over()),
        Pending::Expired { email } => ("This link has expired", expired(email)),
        Pending::Used { at, from, by_you } => {
            let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
            ("This link has already been used", used(format!("{}{from}", words::moment(at)), by_you))
        }
        Pending::Nothing => ("There is nothing to verify", nothing_pending()),
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
