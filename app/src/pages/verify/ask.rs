//! What is asked of somebody who has something to confirm: a press, or the code.

use super::actions::Verify;
use crate::{
    components::{Icon, Notice},
    web::{Field, Form, Issue},
};
use innkeeper_domain::routes::Page;
use leptos::prelude::*;

/// What differs between signing in and adding a mailbox: title, text, and where another mail is asked for.
#[derive(Clone)]
pub(super) struct Words {
    title: &'static str,
    text: &'static str,
    again: Page,
}

pub(super) const SIGN_IN: Words = Words {
    title: "Verify your e-mail address",
    text: "You opened the link in our e-mail. Select the button to sign in.",
    again: Page::SignIn,
};
pub(super) const ADD: Words = Words {
    title: "Add this e-mail address",
    text: "You opened the link in our e-mail. Select the button, and whoever reads this mailbox can sign in to your account.",
    again: Page::Account,
};

pub(super) fn press(id: String, token: String, email: String, words: Words) -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>{words.title}</h1>
            <p>{words.text}</p>
        </div>
        <Form<Verify> id class="card">
            <input type="hidden" name="token" value=token/>
            <dl class="kv card-body"><div><dt>"E-mail address"</dt><dd>{email}</dd></div></dl>
            <div class="card-foot">
                <button type="submit" class="btn btn-primary"><Icon name="check"/>"Verify e-mail"</button>
                <a class="btn btn-quiet" href=words.again.to_string()>"Use another address"</a>
            </div>
        </Form<Verify>>
    }
    .into_any()
}

pub(super) fn code(
    id: String,
    token: String,
    email: Option<String>,
    mistake: Issue,
    mailbox: bool,
    words: Words,
) -> AnyView {
    let (head, text) = match email {
        Some(email) => (
            "Check your e-mail",
            view! {
                <p>"We sent an e-mail to " <strong>{email}</strong> ". Open the link in this browser, or enter the code here."</p>
            }
            .into_any(),
        ),
        None => (
            "Enter the code from the e-mail",
            view! {
                <p>
                    "This link was requested in another browser. To continue in this one, enter the six-digit code from the same e-mail."
                </p>
            }
            .into_any(),
        ),
    };
    let mailbox = mailbox.then(|| {
        view! {
            <Notice icon="mail" title="This portal does not send e-mail yet">
                <p>
                    "It is not connected to a mail server. Find the e-mail in the "
                    <a href=Page::Mailbox.to_string()>"local mailbox"</a>
                    ". If it does not open, use the mailbox link that the portal printed when it started."
                </p>
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
                    name="code" label="Six-digit code" hint="Expires in 10 minutes." class="input otp"
                    autocomplete="one-time-code" inputmode="numeric" mistake
                />
            </div>
            <div class="card-foot">
                <button type="submit" class="btn btn-primary"><Icon name="check"/>"Verify e-mail"</button>
            </div>
        </Form<Verify>>
        <p class="small dim">
            "No e-mail after two minutes? Check your spam folder, or " <a href=words.again.to_string()>"send it again"</a> "."
        </p>
    }
    .into_any()
}
