//! The sign-in page, and signing in by mail.

use crate::{
    components::{Icon, Notice},
    pages::{
        load,
        others::{Others, Refused, Ways},
    },
    web::{Cx, ErrorSummary, Field, Filled, Form, PageTitle, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::{email::EmailAddress, routes::Page};
use innkeeper_service::{
    Error,
    context::field_error,
    organisations::{self, KnownWay},
    sign_in::{email, passkey},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is typed to sign in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SignInForm {
    /// The address the mail goes to.
    pub email: String,
    /// The page to come back to; the use case takes only paths of this portal.
    pub return_to: String,
    /// `on` once it was said that the organisation signs in by a way of its own: then it is a mail that is wanted.
    pub by_mail: String,
}

/// Sends the mail with which a person signs in.
#[server(prefix = "/do", endpoint = "sign-in")]
pub async fn sign_in(
    /// What was sent.
    #[server(flatten)]
    form: SignInForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::SignIn.with("return", &form.return_to);
    if let Some(KnownWay { provider, label }) = own_way(&cx, &form).await? {
        let error =
            Error::rejected(field_error::Field::Email, field_error::SignInCode::SignsInElsewhere { label });
        let form = SignInForm { by_mail: "on".into(), ..form };
        return Err(refused(&page.with("way", provider).to_string(), &form, error));
    }
    match email::ask(&cx.service, &cx.requester, &form.email, &form.return_to).await {
        Ok(()) => see_other(Page::Verify),
        Err(error @ Error::Rejected(_)) => Err(refused(&page.to_string(), &form, error)),
        Err(error) => Err(error.into()),
    }
}

needs!(SignIn, SignInAsk);

/// The way in of the organisation to which the address belongs, where a mail opens nothing of it.
async fn own_way(cx: &Cx, form: &SignInForm) -> Result<Option<KnownWay>, Refusal> {
    match EmailAddress::parse(&form.email) {
        Ok(email) if form.by_mail != "on" => Ok(organisations::way_of(&cx.service, &email).await?),
        _ => Ok(None),
    }
}

/// The page.
#[component]
pub fn SignInPage() -> impl IntoView {
    let cx = Cx::get();
    let mut form: Filled<SignInForm> = cx.form::<SignIn, _>();
    let person = cx.requester.account.as_ref().map(|person| person.email.to_string());
    if !form.again {
        form.values.return_to = cx.asked("return");
        form.values.email = person.clone().unwrap_or_default();
    }
    let signed_in = person.is_some();
    let others = async move {
        let mut others = Others::of(&cx, &cx.asked("return"), signed_in).await?;
        let offered = passkey::offered(&cx.service, &cx.requester).await?;
        others.passkey = offered.then(|| cx.asked("return"));
        Ok(others)
    };
    load(others, move |others| sign_in_view(form, signed_in, others))
}

pub(crate) fn sign_in_view(form: Filled<SignInForm>, signed_in: bool, others: Others) -> AnyView {
    let Filled { id, values, mistakes, .. } = form;
    let again = signed_in.then(|| {
        view! {
            <Notice icon="lock-keyhole" title="Confirm it's you">
                <p>
                    "This needs a sign-in within the last 5 minutes. Afterwards you return to where you were."
                </p>
            </Notice>
        }
    });
    // Who has one shows it faster than a mail comes.
    let prefer = signed_in && others.passkey.is_some();
    let send = if prefer { "btn block" } else { "btn btn-primary block" };
    let head = if signed_in { "Sign in again" } else { "Sign in" };
    view! {
        <PageTitle text=head error=!mistakes.is_empty()/>
        <div class="narrow slim stack">
            <ErrorSummary mistakes=mistakes.clone() fields=&["email"]/>
            <div class="page-head flush">
                <h1>{head}</h1>
            </div>
            <Refused refused=others.refused/>
            {again}
            <Ways ways=others.ways passkey=others.passkey prefer/>
            <Form<SignIn> id class="card">
                <input type="hidden" name="return_to" value=values.return_to/>
                <input type="hidden" name="by_mail" value=values.by_mail/>
                <div class="card-body stack">
                    <Field
                        name="email" label="E-mail address" kind="email" autocomplete="email" inputmode="email"
                        value=values.email mistake=mistakes.of("email")
                    />
                    <p class="small dim">"We send you a link and a code. They expire in 10 minutes."</p>
                    <button type="submit" class=send>"Continue"<Icon name="arrow-right"/></button>
                </div>
            </Form<SignIn>>
            {(!signed_in).then(|| view! {
                <p class="small dim">"No account yet? " <a href=Page::SignUp.to_string()>"Create a database"</a></p>
            })}
        </div>
    }
    .into_any()
}
