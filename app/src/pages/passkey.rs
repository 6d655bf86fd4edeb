//! Signing in by a passkey, and showing by one that it is still them.

use crate::{
    components::{Icon, Notice},
    pages::load,
    web::{Cx, Form, PageTitle, Refusal, Secret, SeeOther, needs, refused, see_other},
};
use innkeeper_assets::url;
use innkeeper_domain::{
    identity::{ProviderId, Reason},
    routes::{Link, Page},
};
use innkeeper_service::{
    Error,
    sign_in::passkey::{self, Question},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Where somebody goes who has shown a passkey.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct BeginPasskeyForm {
    /// The page to come back to; the use case takes only paths of this portal.
    pub return_to: String,
}

/// What the browser answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct UsePasskeyForm {
    /// The passkey's signature and what it is over, as JSON; the script writes it.
    pub answer: Secret,
    /// The page to come back to where it has to be begun again.
    pub return_to: String,
}

/// Asks this browser for a passkey.
#[server(prefix = "/do", endpoint = "begin-passkey")]
pub async fn begin_passkey(
    /// What was sent.
    #[server(flatten)]
    form: BeginPasskeyForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    passkey::begin(&cx.service, &cx.requester, &form.return_to).await?;
    see_other(Page::Passkey)
}

needs!(BeginPasskey, SignInAttempt);

/// Checks the passkey and signs in: with a new session id, so that an older one is worth nothing.
#[server(prefix = "/do", endpoint = "use-passkey")]
pub async fn use_passkey(
    /// What was sent.
    #[server(flatten)]
    form: UsePasskeyForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let entered = async {
        let proven = passkey::answer(&cx.service, &cx.requester, &form.answer.0).await?;
        let id_hash = cx.session.renew().await.map_err(|_| Error::Conflict)?;
        passkey::enter(&cx.service, &cx.requester, proven, &id_hash).await
    };
    match entered.await {
        Ok(path) => see_other(path),
        Err(error) => see_other(not_let_in(&Page::SignIn, error)?.with("return", &form.return_to)),
    }
}

needs!(UsePasskey, SignIn);

/// The page that says why a passkey was not taken.
pub(super) fn not_let_in(page: &Page, error: Error) -> Result<Link, Refusal> {
    let reason = match error {
        Error::NotVouched(refusal) => refusal.reason,
        Error::Conflict => Reason::State,
        error => return Err(refused(&page.to_string(), &(), error)),
    };
    Ok(page.with("provider", ProviderId::PASSKEY).with("reason", reason.code()))
}

/// What a passkey is called where a provider has its label.
pub(crate) const LABEL: &str = "Passkey";

/// The button that begins it; words instead where scripts are off.
#[component]
pub(crate) fn PasskeyWay(
    /// The page to come back to.
    return_to: String,
    /// Whether it is the way to prefer.
    prefer: bool,
) -> impl IntoView {
    let class = if prefer { "btn btn-primary block" } else { "btn block" };
    view! {
        <Form<BeginPasskey>>
            <input type="hidden" name="return_to" value=return_to/>
            <button type="submit" class=class data-js><Icon name="key-round"/>"Sign in with a passkey"</button>
            <NeedsScripts/>
        </Form<BeginPasskey>>
    }
}

/// The script that asks the browser; no other page carries it.
#[component]
pub(super) fn AskingScript() -> impl IntoView {
    view! { <script type="module" src=url("passkey.js")></script> }
}

/// Said where scripts are off: passkeys are the one thing that cannot be had without.
#[component]
pub(super) fn NeedsScripts() -> impl IntoView {
    view! {
        <noscript>
            <p class="small dim">
                "Passkeys need JavaScript, which is off in this browser. All other sign-in methods work."
            </p>
        </noscript>
    }
}

/// The question, the place for what the script says, and the button.
#[component]
pub(super) fn Ask(
    /// `get` or `create`.
    what: &'static str,
    /// What the browser is asked, as JSON.
    options: String,
    /// On the button.
    label: &'static str,
) -> impl IntoView {
    view! {
        <input type="hidden" name="answer" data-passkey=what data-options=options/>
        <p role="alert" class="error" data-says></p>
        <button type="submit" class="btn btn-primary block" data-js><Icon name="key-round"/>{label}</button>
        <NeedsScripts/>
    }
}

/// The page.
#[component]
pub fn PasskeyPage() -> impl IntoView {
    let cx = Cx::get();
    let signed_in = cx.requester.account.is_some();
    let question = async move { passkey::pending(&cx.service, &cx.requester, false).await };
    let body = load(question, move |question| match question {
        Some(question) => passkey_view(question, signed_in),
        None => nothing_asked(),
    });
    view! { {body} <AskingScript/> }
}

pub(crate) fn passkey_view(question: Question, signed_in: bool) -> AnyView {
    let Question { options, return_to } = question;
    let head = if signed_in { "Use your passkey" } else { "Sign in with a passkey" };
    let others = Page::SignIn.with("return", &return_to);
    view! {
        <PageTitle text=head/>
        <div class="narrow slim stack">
            <div class="page-head flush">
                <h1>{head}</h1>
                <p>
                    "Your device confirms that it's you with your fingerprint, face or PIN. None of that is sent to us."
                </p>
            </div>
            <Form<UsePasskey> class="card card-body stack">
                <input type="hidden" name="return_to" value=return_to/>
                <Ask what="get" options label="Use a passkey"/>
            </Form<UsePasskey>>
            <p class="small dim"><a href=others.to_string()>"Use another sign-in method"</a></p>
        </div>
    }
    .into_any()
}

fn nothing_asked() -> AnyView {
    view! {
        <PageTitle text="Sign in with a passkey"/>
        <div class="narrow slim stack">
            <div class="page-head flush"><h1>"Sign in with a passkey"</h1></div>
            <Notice icon="info" title="Start again from the sign-in page">
                <p>"This browser was not asked for a passkey in the last 5 minutes, or has already answered."</p>
            </Notice>
            <p><a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in"</a></p>
        </div>
    }
    .into_any()
}
