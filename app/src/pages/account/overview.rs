//! The account: who the person is here, how they come in, and where they are signed in.

use super::{sessions::Sessions, ways::Ways};
use crate::{
    components::Notice,
    pages::{load, others::label_of},
    web::{Cx, PageTitle},
};
use innkeeper_domain::identity::Reason;
use innkeeper_service::{
    account::{self, AccountView},
    identity,
};
use leptos::prelude::*;

/// What the page knows besides the account.
#[derive(Debug, Clone, Default)]
pub(crate) struct Around {
    /// Label and address of each provider that can become one more way in.
    pub(crate) more: Vec<(String, String)>,
    /// Whether this portal has passkeys.
    pub(crate) passkeys: bool,
    /// Whether the sign-in is recent enough to change a way in.
    pub(crate) fresh: bool,
    /// Which provider was not added, and why.
    pub(crate) refused: Option<(String, Reason)>,
    /// What was not done of what was pressed, and why.
    pub(crate) mistake: Option<(&'static str, String)>,
}

impl Around {
    fn of(cx: &Cx, fresh: bool) -> Self {
        let csrf = cx.csrf();
        let providers = cx.service.providers.all();
        let more = providers.iter().map(|provider| {
            let ticket = identity::ticket(&csrf, provider.id.as_str());
            (
                provider.label.clone(),
                format!("/sign-in/{}?for=link&ticket={ticket}&return=/account", provider.id),
            )
        });
        let asked = cx.asked("provider");
        let form: crate::web::Filled<super::ways::WayForm> = cx.form();
        let undone = [("way", "Nothing was removed"), ("passkey", "No passkey was added")];
        let mistake =
            undone.into_iter().find_map(|(field, title)| Some((title, form.mistakes.of(field)?.to_owned())));
        Self {
            more: more.collect(),
            passkeys: cx.service.passkeys.is_some(),
            fresh,
            refused: label_of(cx, &asked).zip(Reason::parse(&cx.asked("reason"))),
            mistake,
        }
    }
}

/// The page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(person) = cx.signed_in() else { return ().into_any() };
    let around = Around::of(&cx, person.fresh);
    load(async move { account::view(&cx.service, &cx.visitor).await }, move |view| account_view(view, around))
}

pub(crate) fn account_view(view: AccountView, around: Around) -> AnyView {
    let AccountView { email, name, ways, sessions } = view;
    let refused = around.refused.clone().map(|(label, reason)| {
        view! {
            <Notice tone="bad" icon="circle-alert" title=format!("{label} was not added")>
                <p>{reason.words()}</p>
                <p class="small">{format!("Code: {}", reason.code())}</p>
            </Notice>
        }
    });
    let mistake = around.mistake.clone().map(|(title, why)| {
        view! { <Notice tone="bad" icon="circle-alert" title><p>{why}</p></Notice> }
    });
    view! {
        <PageTitle text="Your account" error=around.mistake.is_some()/>
        <div class="page-head">
            <h1>"Your account"</h1>
            <p>{name.map_or_else(|| email.clone(), |name| format!("{name}, {email}"))}</p>
        </div>
        <div class="stack">
            {refused}
            {mistake}
            <Ways ways more=around.more passkeys=around.passkeys fresh=around.fresh/>
            <Sessions sessions/>
        </div>
    }
    .into_any()
}
