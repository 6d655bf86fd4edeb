//! Reset the passwords of all three roles: what that means, and the press that does it.

use super::{
    confirm::{Asking, Press, TypedForm, TypedName, conclude, database, preview},
    usage::sessions_in_words,
};
use crate::{
    pages::{nothing, part},
    web::{Cx, Filled, Form, Issue, PageEnd, Refusal, SeeOther, needs, see_other},
};
use innkeeper_domain::{handoff::HandoffState, routes::Page, tenant::TenantState};
use innkeeper_service::{
    Error,
    tenants::lifecycle::{self, CredentialsView},
};
use leptos::prelude::*;

/// Replaces the three passwords; the new ones are handed over like the first.
#[server(prefix = "/do", endpoint = "reset-passwords")]
pub async fn rotate_passwords(
    /// What was sent.
    #[server(flatten)]
    form: TypedForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::rotate(&cx.service, &cx.requester, &form.name, &form.confirmation).await;
    let handoff = Page::Handoff((&form.name).into()).to_string();
    let asked = Page::ResetPasswords((&form.name).into()).to_string();
    if matches!(ended, Err(Error::Conflict))
        && let Ok(view) = lifecycle::credentials(&cx.service, &cx.requester, &form.name).await
        && let Some(state) = view.waiting()
    {
        let (why, _) = waiting_in_words(state);
        cx.say(&format!("The passwords were not reset: {why}")).await?;
        return see_other(handoff);
    }
    let line = format!("The passwords of {} are being reset.", form.name);
    conclude(&form, ended, &asked, &handoff, &handoff, line).await
}

needs!(RotatePasswords, CredentialsReset);

/// Why no new passwords are made while those made last wait to be saved, and the way to them.
pub(super) fn waiting_in_words(state: HandoffState) -> (&'static str, &'static str) {
    match state {
        HandoffState::Open => (
            "the current credentials are being viewed. Confirm that you saved them, or wait up to 15 minutes.",
            "Go to the credentials",
        ),
        _ => ("the current credentials have not been viewed yet.", "View credentials"),
    }
}

/// The page that asks.
#[component]
pub fn ResetPasswordsPage() -> impl IntoView {
    let cx = Cx::get();
    let Some(person) = cx.signed_in() else { return ().into_any() };
    let (email, fresh) = (person.email.to_string(), person.fresh);
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match lifecycle::credentials(&cx.service, &cx.requester, &name).await {
                Ok(view) if view.tenant.state == TenantState::Active && !view.live && view.waiting().is_none() => {
                    reset_passwords_view(view, cx.form::<RotatePasswords, _>(), email, fresh)
                }
                Ok(view) => nothing(&cx, PageEnd::Redirect(Page::Credentials((&view.tenant.name).into()).into())),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn reset_passwords_view(
    view: CredentialsView,
    form: Filled<TypedForm>,
    email: String,
    fresh: bool,
) -> AnyView {
    let CredentialsView { tenant, roles, usage, .. } = view;
    let name = tenant.name.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let mistake = Issue::from(mistakes.of("confirmation"));
    let logins: Vec<_> = roles
        .iter()
        .enumerate()
        .map(|(at, (_, login))| view! { {(at > 0).then(|| view! { <br/> })} {login.clone()} })
        .collect();
    let rows = preview(vec![
        database(&tenant.name),
        ("Usernames", view! { <span class="mono">{logins}</span> }.into_any()),
        ("The old passwords", "Stop working immediately, all three".into_any()),
        (
            "Existing connections",
            format!("Closed immediately. Active now: {}", sessions_in_words(usage.as_ref())).into_any(),
        ),
        (
            "Settings of the roles",
            "Settings that the roles made for themselves (ALTER ROLE … SET) are reset".into_any(),
        ),
        ("The new ones", format!("Shown once, to {email}, for 15 minutes").into_any()),
        ("Can this be undone?", "No. You can reset them again".into_any()),
    ]);
    view! {
        <Asking
            title=format!("Reset passwords for {name}") mistakes
            means="All three are reset together, and existing connections are closed. Applications cannot connect until they have the new passwords."
        >
            <Form<RotatePasswords> id class="card">
                <input type="hidden" name="name" value=name.clone()/>
                {rows}
                {fresh.then(|| view! { <TypedName name typed=values.confirmation mistake/> })}
                <Press label="Reset passwords" icon="key-round" fresh here=Page::ResetPasswords((&tenant.name).into()) back=Page::Credentials((&tenant.name).into())/>
            </Form<RotatePasswords>>
        </Asking>
    }
    .into_any()
}
