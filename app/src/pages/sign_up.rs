//! Step 1: who is asking.

use crate::{
    components::Icon,
    pages::{
        load,
        others::{Others, Ways},
        wizard::Steps,
    },
    web::{Cx, ErrorSummary, Field, Filled, Form, PageTitle, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::sign_in::email;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is typed to sign up.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignUpForm {
    /// The address the mail goes to.
    pub email: String,
}

/// Sends the mail that confirms an address.
#[server(prefix = "/do", endpoint = "sign-up")]
pub async fn sign_up(
    /// What was sent.
    #[server(flatten)]
    form: SignUpForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    email::ask(&cx.service, &cx.requester, &form.email, &Page::Database.to_string())
        .await
        .map_err(|error| refused(&Page::SignUp.to_string(), &form, error))?;
    see_other(Page::Verify)
}

needs!(SignUp, SignInAsk);

/// The page of step 1.
#[component]
pub fn SignUpPage() -> impl IntoView {
    let cx = Cx::get();
    let signed_in = cx.requester.account.as_ref().map(|person| person.email.to_string());
    let form = cx.form::<SignUp, _>();
    load(async move { Others::of(&cx, &Page::Database.to_string(), false).await }, move |others| {
        sign_up_view(form, signed_in, others)
    })
}

pub(crate) fn sign_up_view(form: Filled<SignUpForm>, signed_in: Option<String>, others: Others) -> AnyView {
    let Filled { id, values, mistakes, .. } = form;
    let signed_in = signed_in.map(|email| {
        view! {
            <p class="small dim">
                "You are signed in as " <strong>{email}</strong> ". "
                <a href=Page::Database.to_string()>"Continue with the database"</a>
            </p>
        }
    });
    view! {
        <PageTitle text="Sign up, step 1 of 3" error=!mistakes.is_empty()/>
        <div class="narrow stack">
            <ErrorSummary mistakes=mistakes.clone() fields=&["email"]/>
            <Steps current=1/>
            <div class="page-head flush">
                <h1>"Create your account"</h1>
                <p>
                    "Enter your e-mail address. We send you a link and a code to verify it. No password needed."
                </p>
            </div>
            <Ways ways=others.ways passkey=others.passkey/>
            <Form<SignUp> id class="card">
                <div class="card-body stack">
                    <Field
                        name="email" label="E-mail address" kind="email" autocomplete="email" inputmode="email"
                        hint="We only write about your databases."
                        value=values.email mistake=mistakes.of("email")
                    />
                </div>
                <div class="card-foot">
                    <button type="submit" class="btn btn-primary">"Continue"<Icon name="arrow-right"/></button>
                    <a class="btn btn-quiet" href=Page::SignIn.to_string()>"Sign in instead"</a>
                </div>
            </Form<SignUp>>
            {signed_in}
        </div>
    }
    .into_any()
}
