//! What the buttons of the credentials' pages do.

use crate::{
    pages::tenant::TenantForm,
    web::{Cx, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::{Error, tenants::handoff};
use leptos::prelude::*;

/// Opens the credentials, once, in this browser.
#[server(prefix = "/do", endpoint = "reveal")]
pub async fn reveal(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Handoff((&form.name).into()).to_string();
    match handoff::reveal(&cx.service, &cx.requester, &form.name).await {
        Ok(()) | Err(Error::Conflict) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

needs!(Reveal, HandoffReveal);

/// The person has saved the credentials: the sealed copy is destroyed.
#[server(prefix = "/do", endpoint = "confirm")]
pub async fn confirm(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Handoff((&form.name).into()).to_string();
    match handoff::confirm(&cx.service, &cx.requester, &form.name).await {
        Ok(()) => {
            cx.say("Saved. Our encrypted copy of the passwords is deleted.").await?;
            see_other(Page::Tenant((&form.name).into()))
        }
        Err(Error::Conflict) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

needs!(Confirm, HandoffView);

/// Replaces the three passwords and hands them over again.
#[server(prefix = "/do", endpoint = "renew")]
pub async fn renew(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Handoff((&form.name).into()).to_string();
    match handoff::renew(&cx.service, &cx.requester, &form.name).await {
        Ok(()) | Err(Error::Conflict) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

needs!(Renew, CredentialsReset);
