//! What is said where there is nothing left to confirm, or not in this browser.

use crate::{components::Icon, pages::sign_in::SignIn, web::Form};
use innkeeper_domain::routes::Page;
use leptos::prelude::*;

pub(super) fn elsewhere() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"Go on in the other browser"</h1>
            <p>
                "An address is added to an account only in the browser in which somebody asked for it, and while they are \
                 signed in there. Open the link there, or type the code there. If you did not ask for it, ignore the mail: \
                 nothing happens."
            </p>
        </div>
        <p><a class="btn btn-primary" href=Page::Account.to_string()>"Your account"</a></p>
    }
    .into_any()
}

pub(super) fn adding_over() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"This mail is over"</h1>
            <p>"Links and codes work for 10 minutes, and a code takes five tries. Nothing was added. Ask for a new mail on your account's page."</p>
        </div>
        <p><a class="btn btn-primary" href=Page::Account.to_string()>"Your account"</a></p>
    }
    .into_any()
}

pub(super) fn expired(email: Option<String>) -> AnyView {
    let again = match email {
        Some(email) => view! {
            <Form<SignIn> class="row">
                <input type="hidden" name="return_to" value=Page::Landing.to_string()/>
                <input type="hidden" name="email" value=email.clone()/>
                <button type="submit" class="btn btn-primary"><Icon name="send"/>"Send a new mail to " {email}</button>
            </Form<SignIn>>
        }
        .into_any(),
        None => view! { <p><a class="btn btn-primary" href=Page::SignIn.to_string()>"Send a new mail"</a></p> }.into_any(),
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

pub(super) fn used(when: String, by_you: bool) -> AnyView {
    let (text, link) = if by_you {
        (
            "You are signed in with it in this browser.",
            view! { <a class="btn btn-primary" href=Page::Landing.to_string()>"Go on"</a> },
        )
    } else {
        (
            "Links and codes work once. If that was not you, sign in, make new passwords for your databases, and \
             tell support.",
            view! { <a class="btn btn-primary" href=Page::SignIn.to_string()>"Send a new mail"</a> },
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

pub(super) fn nothing_pending() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"There is nothing to confirm"</h1>
            <p>"This browser has not asked for a mail in the last minutes, or the link is not complete."</p>
        </div>
        <p class="row">
            <a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in"</a>
            <a class="btn btn-quiet" href=Page::SignUp.to_string()>"Create a database"</a>
        </p>
    }
    .into_any()
}
