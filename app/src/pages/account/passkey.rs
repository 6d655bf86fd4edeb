//! One more way in: a passkey.

use super::sessions::name_of;
use crate::{
    components::{Icon, Notice},
    pages::{
        load,
        passkey::{Ask, AskingScript, not_let_in},
    },
    web::{
        Cx, ErrorSummary, Field, Filled, Form, Issue, PageTitle, Refusal, Secret, SeeOther, needs, refused,
        see_other,
    },
};
use innkeeper_domain::routes::Page;
use innkeeper_service::{
    Error,
    context::field_error,
    sign_in::passkey::{self, Question},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is sent to add a passkey.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AddPasskeyForm {
    /// What the person calls it.
    pub name: String,
    /// The new public key, as JSON; the script writes it.
    pub answer: Secret,
}

/// Asks this browser for a new passkey.
#[server(prefix = "/do", endpoint = "begin-add-passkey")]
pub async fn begin_add_passkey() -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    match passkey::begin_add(&cx.service, &cx.requester).await {
        Ok(()) => see_other(Page::AddPasskey),
        Err(error @ Error::NotVouched(_)) => see_other(not_let_in(&Page::Account, error)?),
        Err(error) => Err(refused(&Page::Account.to_string(), &(), error)),
    }
}

needs!(BeginAddPasskey, AccountChange);

/// Makes the new passkey one more way in.
#[server(prefix = "/do", endpoint = "add-passkey")]
pub async fn add_passkey(
    /// What was sent.
    #[server(flatten)]
    form: AddPasskeyForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    match passkey::add(&cx.service, &cx.requester, &form.name, &form.answer.0).await {
        Ok(()) => {
            cx.say("The passkey was added. From now on you can sign in with it.").await?;
            see_other(Page::Account)
        }
        Err(Error::Rejected(errors)) if errors.of(field_error::Field::Name).is_some() => {
            Err(refused(&Page::AddPasskey.to_string(), &form, Error::Rejected(errors)))
        }
        Err(error) => see_other(not_let_in(&Page::Account, error)?),
    }
}

needs!(AddPasskey, AccountComplete);

/// The page.
#[component]
pub fn AddPasskeyPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let mut form: Filled<AddPasskeyForm> = cx.form::<AddPasskey, _>();
    if !form.again {
        form.values.name = cx
            .requester
            .browser()
            .ok()
            .and_then(|browser| browser.agent.as_deref())
            .map_or("My passkey", name_of)
            .into();
    }
    let question = async move { passkey::pending(&cx.service, &cx.requester, true).await };
    let body = load(question, move |question| add_passkey_view(form, question));
    view! { {body} <AskingScript/> }.into_any()
}

pub(crate) fn add_passkey_view(form: Filled<AddPasskeyForm>, question: Option<Question>) -> AnyView {
    let Filled { id, values, mistakes, .. } = form;
    let mistake = Issue::from(mistakes.of("name"));
    let body = match question {
        Some(Question { options, .. }) => view! {
            <Form<AddPasskey> id class="card card-body stack">
                <Field
                    name="name" label="Name" hint="Helps you recognise it, for example by where it is stored."
                    autocomplete="off" value=values.name mistake
                />
                <Ask what="create" options label="Create passkey"/>
            </Form<AddPasskey>>
        }
        .into_any(),
        None => view! {
            <Notice icon="info" title="This took too long, or was already done">
                <p>"A passkey must be created within 5 minutes."</p>
            </Notice>
            <Form<BeginAddPasskey>>
                <button type="submit" class="btn btn-primary"><Icon name="rotate-ccw"/>"Start again"</button>
            </Form<BeginAddPasskey>>
        }
        .into_any(),
    };
    view! {
        <PageTitle text="Add a passkey" error=!mistakes.is_empty()/>
        <div class="narrow slim stack">
            <ErrorSummary mistakes=mistakes.clone() fields=&["name"]/>
            <div class="page-head flush">
                <h1>"Add a passkey"</h1>
                <p>
                    "With a passkey you sign in with your fingerprint, face or PIN, without an e-mail. Your device or password manager stores it; we only store the public key."
                </p>
            </div>
            {body}
            <p class="small dim"><a href=Page::Account.to_string()>"Back to your account"</a></p>
        </div>
    }
    .into_any()
}
