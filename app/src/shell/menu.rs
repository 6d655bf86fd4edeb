//! The account menu in the top bar.

use crate::{
    components::Icon,
    web::{Cx, Form, Refusal, SeeOther, needs, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::people::{providers, session};
use leptos::prelude::*;

/// Signs out of this browser.
#[server(prefix = "/do", endpoint = "sign-out")]
pub async fn sign_out() -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let provider = session::sign_out(&cx.service, &cx.requester).await?;
    cx.session.end().await?;
    let provider = provider.unwrap_or_default();
    match providers::named(&cx.service, &provider).await {
        Ok(_) => see_other(Page::SignedOut.with("provider", &provider)),
        // By mail, by a passkey, or by one that is no longer there.
        Err(_) => see_other(Page::Landing),
    }
}

needs!(SignOut, SignOut);

/// Links and menu of a person who is signed in.
#[component]
pub fn AccountMenu(
    /// The person's address.
    email: String,
    /// Whether they are staff in this session.
    staff: bool,
) -> impl IntoView {
    let staff =
        staff.then(|| view! { <a href=Page::Staff.to_string()><Icon name="shield-check"/>"Staff"</a> });
    view! {
        <nav class="row push" aria-label="Main">
            <a class="btn btn-quiet btn-sm" href=Page::Tenants.to_string()>"Databases"</a>
            <a class="btn btn-quiet btn-sm hide-sm" href=Page::Help.to_string()>"Help"</a>
        </nav>
        <details class="menu-pop">
            <summary>
                <span class="avatar" aria-hidden="true">{initials(&email)}</span>
                <span class="vh">"Your account"</span>
                <Icon name="chevron-down"/>
            </summary>
            <div>
                <p>"Signed in as" <strong>{email}</strong></p>
                <a href=Page::Organisations.to_string()><Icon name="list"/>"Your organisations"</a>
                <a href=Page::Database.to_string()><Icon name="plus"/>"New database"</a>
                <a href=Page::Account.to_string()><Icon name="user"/>"Your account"</a>
                {staff}
                <Form<SignOut>>
                    <button type="submit"><Icon name="log-out"/>"Sign out"</button>
                </Form<SignOut>>
            </div>
        </details>
    }
}

/// Links of somebody who is not signed in.
#[component]
pub fn SignInMenu() -> impl IntoView {
    view! {
        <nav class="row push" aria-label="Main">
            <a class="btn btn-quiet btn-sm hide-sm" href=Page::Help.to_string()>"Help"</a>
            <a class="btn btn-sm" href=Page::SignIn.to_string()>"Sign in"</a>
        </nav>
    }
}

/// Two letters for a person.
fn initials(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let mut parts = local.split(['.', '-', '_', '+']).filter_map(|part| part.chars().next());
    match (parts.next(), parts.next()) {
        (Some(a), Some(b)) => format!("{a}{b}").to_uppercase(),
        _ => local.chars().take(2).collect::<String>().to_uppercase(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn initials_are_two_letters() {
        assert_eq!(super::initials("jane.smith@acme.example"), "JS");
        assert_eq!(super::initials("jane@acme.example"), "JA");
        assert_eq!(super::initials("j@acme.example"), "J");
    }
}
