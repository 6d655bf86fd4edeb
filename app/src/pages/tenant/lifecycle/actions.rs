//! Suspending, resuming, deleting a database, and cancelling that.

use crate::{
    pages::tenant::{
        TenantForm,
        confirm::{TypedForm, conclude},
    },
    web::{Cx, Refusal, SeeOther, needs},
};
use innkeeper_domain::routes::{Page, TenantPage};
use innkeeper_service::tenants::lifecycle;
use leptos::prelude::*;

/// Cuts a database off.
#[server(prefix = "/do", endpoint = "suspend")]
pub async fn suspend_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TypedForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::suspend(&cx.service, &cx.requester, &form.name, &form.confirmation).await;
    after(&form, &form.name, ended, Page::Suspend, format!("{} is being suspended.", form.name)).await
}

needs!(SuspendTenant, LifecycleChange);

/// Lets people in again.
#[server(prefix = "/do", endpoint = "resume")]
pub async fn resume_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::resume(&cx.service, &cx.requester, &form.name).await;
    after(&form, &form.name, ended, Page::Resume, format!("{} is being resumed.", form.name)).await
}

needs!(ResumeTenant, LifecycleChange);

/// Cuts a database off, to be removed after 7 days.
#[server(prefix = "/do", endpoint = "delete")]
pub async fn destroy_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TypedForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::destroy(&cx.service, &cx.requester, &form.name, &form.confirmation).await;
    after(&form, &form.name, ended, Page::Delete, format!("{} is being deleted.", form.name)).await
}

needs!(DestroyTenant, LifecycleChange);

/// Undoes that, as long as it is there.
#[server(prefix = "/do", endpoint = "cancel-deletion")]
pub async fn keep_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::keep(&cx.service, &cx.requester, &form.name).await;
    after(
        &form,
        &form.name,
        ended,
        Page::CancelDeletion,
        format!("The deletion is being cancelled: {} is being restored.", form.name),
    )
    .await
}

needs!(KeepTenant, LifecycleChange);

/// Goes on with a suspension or destruction that stopped.
#[server(prefix = "/do", endpoint = "try-again")]
pub async fn try_again(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::try_again(&cx.service, &cx.requester, &form.name).await;
    after(&form, &form.name, ended, Page::Danger, format!("Trying again with {}.", form.name)).await
}

needs!(TryAgain, RunResume);

/// Back to where it stands.
async fn after<T: serde::Serialize>(
    form: &T,
    name: &str,
    ended: Result<(), innkeeper_service::Error>,
    asked: TenantPage,
    line: String,
) -> Result<SeeOther, Refusal> {
    let danger = Page::Danger(name.into()).to_string();
    conclude(form, ended, &asked(name.into()).to_string(), &danger, &danger, line).await
}
