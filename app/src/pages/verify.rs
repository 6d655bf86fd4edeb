//! Confirming an address: a press in the browser that asked, or the code.
//!
//! Looking never consumes anything: mail scanners and link previews follow links.

use crate::{
    components::{Icon, Notice, words},
    pages::{load, sign_in::SignIn},
    web::{
        Cx, ErrorSummary, Field, Filled, Form, Issue, NoReferrer, PageTitle, Refusal, Secret, SeeOther,
        refused, see_other, with_query,
    },
};
use innkeeper_domain::identity::ProviderId;
use innkeeper_service::{
    Error,
    sign_in::{self, Checked, Pending},
};
use leptos::prelude::*;
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

/// What differs between signing in and adding a mailbox: title, text, and where another mail is asked for.
#[derive(Clone, Copy)]
struct Words {
    title: &'static str,
    text: &'static str,
    again: &'static str,
}

const SIGN_IN: Words = Words {
    title: "Confirm your e-mail address",
    text: "You came here by the link in our mail. One press, and you are signed in.",
    again: "/sign-in",
};
const ADD: Words = Words {
    title: "Add this e-mail address",
    text: "You came here by the link in our mail. One press, and whoever reads this mailbox can sign in to your account.",
    again: "/account",
};

fn press(id: String, token: String, email: String, words: Words) -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>{words.title}</h1>
            <p>{words.text}</p>
        </div>
        <Form<Verify> id class="card">
            <input type="hidden" name="token" value=token/>
            <dl class="kv card-body"><div><dt>"E-mail address"</dt><dd>{email}</dd></div></dl>
            <div class="card-foot">
                <button type="submit" class="btn btn-primary"><Icon name="check"/>"Confirm e-mail"</button>
                <a class="btn btn-quiet" href=words.again>"Use another address"</a>
            </div>
        </Form<Verify>>
    }
    .into_any()
}

fn elsewhere() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"Go on in the other browser"</h1>
            <p>
                "An address is added to an account only in the browser in which somebody asked for it, and while they are \
                 signed in there. Open the link there, or type the code there. If you did not ask for it, ignore the mail: \
                 nothing happens."
            </p>
        </div>
        <p><a class="btn btn-primary" href="/account">"Your account"</a></p>
    }
    .into_any()
}

fn adding_over() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"This mail is over"</h1>
            <p>"Links and codes work for 10 minutes, and a code takes five tries. Nothing was added. Ask for a new mail on your account's page."</p>
        </div>
        <p><a class="btn btn-primary" href="/account">"Your account"</a></p>
    }
    .into_any()
}

fn code(
    id: String,
    token: String,
    email: Option<String>,
    mistake: Issue,
    mailbox: bool,
    words: Words,
) -> AnyView {
    let (head, text) = match email {
        Some(email) => (
            "Check your mail",
            view! {
                <p>"We sent a mail to " <strong>{email}</strong> ". Open its link in this browser, or type its code here."</p>
            }
            .into_any(),
        ),
        None => (
            "Enter the code from the mail",
            view! {
                <p>
                    "This link was asked for in another browser. To go on in this one, type the six digits that \
                     stand in the same mail."
                </p>
            }
            .into_any(),
        ),
    };
    let mailbox = mailbox.then(|| {
        view! {
            <Notice icon="mail" title="This portal sends no mail yet">
                <p>"It is not connected to a mail server. Find the mail in the " <a href="/dev/mailbox">"local mailbox"</a> "."</p>
            </Notice>
        }
    });
    view! {
        <div class="page-head flush"><h1>{head}</h1>{text}</div>
        {mailbox}
        <Form<Verify> id class="card">
            <input type="hidden" name="token" value=token/>
            <div class="card-body stack">
                <Field
                    name="code" label="Six-digit code" hint="Valid for 10 minutes, once." class="input otp"
                    autocomplete="one-time-code" inputmode="numeric" mistake
                />
            </div>
            <div class="card-foot">
                <button type="submit" class="btn btn-primary"><Icon name="check"/>"Confirm e-mail"</button>
            </div>
        </Form<Verify>>
        <p class="small dim">
            "No mail after two minutes? Look into the spam folder, or " <a href=words.again>"send it again"</a> "."
        </p>
    }
    .into_any()
}

fn expired(email: Option<String>) -> AnyView {
    let again = match email {
        Some(email) => view! {
            <Form<SignIn> class="row">
                <input type="hidden" name="return_to" value="/"/>
                <input type="hidden" name="email" value=email.clone()/>
                <button type="submit" class="btn btn-primary"><Icon name="send"/>"Send a new mail to " {email}</button>
            </Form<SignIn>>
        }
        .into_any(),
        None => view! { <p><a class="btn btn-primary" href="/sign-in">"Send a new mail"</a></p> }.into_any(),
    };
    view! {
        <div class="page-head flush">
            <h1>"This sign-in is over"</h1>
            <p>"Links and codes work for 10 minutes, and a code takes five tries. Nothing happened with this one."</p>
        </div>
        {again}
    }
    .into_any()
}

fn used(when: String, by_you: bool) -> AnyView {
    let (text, link) = if by_you {
        (
            "You are signed in with it in this browser.",
            view! { <a class="btn btn-primary" href="/">"Go on"</a> },
        )
    } else {
        (
            "Links and codes work once. If that was not you, sign in, make new passwords for your databases, and \
             tell support.",
            view! { <a class="btn btn-primary" href="/sign-in">"Send a new mail"</a> },
        )
    };
    view! {
        <div class="page-head flush">
            <h1>"This mail was used already"</h1>
            <p>{format!("It was used on {when}. {text}")}</p>
        </div>
        <p>{link}</p>
    }
    .into_any()
}

fn nothing_pending() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"There is nothing to confirm"</h1>
            <p>"This browser has not asked for a mail in the last minutes, or the link is not complete."</p>
        </div>
        <p class="row">
            <a class="btn btn-primary" href="/sign-in">"Sign in"</a>
            <a class="btn btn-quiet" href="/sign-up">"Create a database"</a>
        </p>
    }
    .into_any()
}
