//! The account: who the person is here, how they come in, and where they are signed in.

use super::{
    methods::{AddMailbox, MailboxForm, RemoveMethod, Ways},
    sessions::Sessions,
};
use crate::{
    components::Notice,
    pages::{load, others::label_of},
    web::{Cx, ErrorSummary, Filled, PageTitle},
};
use innkeeper_domain::{
    identity::{ProviderId, Reason},
    routes::Page,
};
use innkeeper_service::sign_in::{
    account::{self, AccountView},
    oidc,
};
use leptos::{prelude::*, server_fn::ServerFn as _};

/// What the page knows besides the account.
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
    /// One more mailbox, as typed.
    pub(crate) mailbox: Filled<MailboxForm>,
}

impl Around {
    fn of(cx: &Cx, fresh: bool) -> Self {
        let csrf = cx.csrf();
        let providers = cx.service.providers.all();
        let more = providers.iter().map(|provider| {
            let ticket = oidc::ticket(&csrf, provider.id.as_str());
            (
                provider.label.clone(),
                Page::Provider((&provider.id).into())
                    .with("for", "link")
                    .with("ticket", ticket)
                    .with("return", Page::Account)
                    .to_string(),
            )
        });
        let asked = cx.asked("provider");
        let label = match asked.as_str() {
            ProviderId::MAIL => Some("The e-mail address".to_owned()),
            asked => label_of(cx, asked),
        };
        // Buttons have no fields to say beside what is wrong.
        let undone = |action: &str| match action {
            AddMailbox::PATH => None,
            RemoveMethod::PATH => Some("Nothing was removed"),
            _ => Some("No passkey was added"),
        };
        let mistake = cx.rejected().and_then(|(action, mistakes)| Some((undone(action)?, mistakes.text())));
        Self {
            more: more.collect(),
            passkeys: cx.service.passkeys.is_some(),
            fresh,
            refused: label.zip(Reason::parse(&cx.asked("reason"))),
            mistake,
            mailbox: cx.form::<AddMailbox, _>(),
        }
    }
}

/// The page.
#[component]
pub fn AccountPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(person) = cx.signed_in() else { return ().into_any() };
    let around = Around::of(&cx, person.fresh);
    load(async move { account::view(&cx.service, &cx.requester).await }, move |view| {
        account_view(view, around)
    })
}

pub(crate) fn account_view(view: AccountView, around: Around) -> AnyView {
    let mistakes = around.mailbox.mistakes.clone();
    let wrong = !mistakes.is_empty() || around.mistake.is_some();
    let AccountView { email, name, ways, sessions, partly } = view;
    let partly = partly.then(|| {
        view! {
            <Notice icon="lock-keyhole" title="Part of your account">
                <p>"You signed in with your organisation's single sign-on. Sign in with another method to view and change your other sign-in methods and sessions."</p>
            </Notice>
        }
    });
    let refused = around.refused.map(|(label, reason)| {
        view! {
            <Notice tone="bad" icon="circle-alert" title=format!("{label} was not added")>
                <p>{reason.words()}</p>
                <p class="small">{format!("Code: {}", reason.code())}</p>
            </Notice>
        }
    });
    let mistake = around.mistake.map(|(title, why)| {
        view! { <Notice tone="bad" icon="circle-alert" title><p>{why}</p></Notice> }
    });
    view! {
        <PageTitle text="Your account" error=wrong/>
        <div class="page-head">
            <h1>"Your account"</h1>
            <p>{name.map_or_else(|| email.clone(), |name| format!("{name}, {email}"))}</p>
        </div>
        <div class="stack">
            <ErrorSummary mistakes fields=&["email"]/>
            {partly}
            {refused}
            {mistake}
            <Ways ways more=around.more passkeys=around.passkeys fresh=around.fresh mailbox=around.mailbox/>
            <Sessions sessions/>
        </div>
    }
    .into_any()
}
