//! What the pages of a confirmation send.

use crate::web::{Cx, Refusal, Secret, SeeOther, needs, refused, see_other};
use innkeeper_domain::{identity::ProviderId, routes::Page};
use innkeeper_service::{
    Error,
    sign_in::email::{self, Checked},
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
    let checked = match email::check(&cx.service, &cx.requester, &form.token.0, &form.code.0).await {
        Ok(checked) => checked,
        Err(Error::Conflict) => return see_other(page),
        Err(error) => return Err(refused(&page, &form, error)),
    };
    if checked.is_link() {
        return add(&cx, checked, page).await;
    }
    let id_hash = cx.session.renew().await?;
    match email::complete(&cx.service, &cx.requester, checked, &id_hash).await {
        Ok(path) => see_other(path),
        Err(Error::Conflict) => see_other(page),
        Err(error) => Err(error.into()),
    }
}

needs!(Verify, SignIn);

/// Makes the mailbox one more way in; the account's page says how it went.
async fn add(cx: &Cx, checked: Checked, page: String) -> Result<SeeOther, Refusal> {
    match email::link(&cx.service, &cx.requester, checked).await {
        Ok(()) => {
            cx.say("The e-mail address was added to your sign-in methods.").await?;
            see_other(Page::Account)
        }
        Err(Error::NotVouched(refusal)) => {
            let to = Page::Account.with("provider", ProviderId::MAIL);
            see_other(to.with("reason", refusal.reason.code()))
        }
        Err(Error::Conflict) => see_other(page),
        Err(error) => Err(error.into()),
    }
}

/// The page, with the link's secret where there is one: the one secret that may stand in a URL.
fn page_of(token: &str) -> String {
    if token.is_empty() { Page::Verify.into() } else { Page::Verify.with("token", token).into() }
}
