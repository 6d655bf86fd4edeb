//! What is said where there is nothing left to confirm, or not in this browser.

use crate::{components::Icon, pages::sign_in::SignIn, web::Form};
use innkeeper_domain::routes::Page;
use leptos::prelude::*;

pub(super) fn elsewhere() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"Open the link in the browser you started in"</h1>
            <p>
                "An address can only be added in the browser that requested it, while signed in there. Open the link or enter the code in that browser. If you did not request this, ignore the e-mail: nothing happens."
            </p>
        </div>
        <p><a class="btn btn-primary" href=Page::Account.to_string()>"Your account"</a></p>
    }
    .into_any()
}

pub(super) fn adding_over() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"This link has expired"</h1>
            <p>"Links and codes expire after 10 minutes, and a code allows five attempts. Nothing was added. Request a new e-mail on your account page."</p>
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
                <button type="submit" class="btn btn-primary"><Icon name="send"/>"Send a new e-mail to " {email}</button>
            </Form<SignIn>>
        }
        .into_any(),
        None => view! { <p><a class="btn btn-primary" href=Page::SignIn.to_string()>"Send a new e-mail"</a></p> }.into_any(),
    };
    view! {
        <div class="page-head flush">
            <h1>"This link has expired"</h1>
            <p>"Links and codes expire after 10 minutes, and a code allows five attempts. This one was not used."</p>
        </div>
        {again}
    }
    .into_any()
}

pub(super) fn used(when: String, by_you: bool) -> AnyView {
    let (text, link) = if by_you {
        (
            "You are signed in with it in this browser.",
            view! { <a class="btn btn-primary" href=Page::Landing.to_string()>"Continue"</a> },
        )
    } else {
        (
            "Links and codes work once. If that was not you, sign in, reset the passwords of your databases, and contact support.",
            view! { <a class="btn btn-primary" href=Page::SignIn.to_string()>"Send a new e-mail"</a> },
        )
    };
    view! {
        <div class="page-head flush">
            <h1>"This link has already been used"</h1>
            <p>{format!("It was used on {when}. {text}")}</p>
        </div>
        <p>{link}</p>
    }
    .into_any()
}

pub(super) fn nothing_pending() -> AnyView {
    view! {
        <div class="page-head flush">
            <h1>"There is nothing to verify"</h1>
            <p>"This browser has not requested an e-mail in the last minutes, or the link is incomplete."</p>
        </div>
        <p class="row">
            <a class="btn btn-primary" href=Page::SignIn.to_string()>"Sign in"</a>
            <a class="btn btn-quiet" href=Page::SignUp.to_string()>"Create a database"</a>
        </p>
    }
    .into_any()
}
