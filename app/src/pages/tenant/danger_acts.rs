//! Suspend, resume, destroy, keep: each asked for on a page of its own that says what will happen.

use super::{
    TenantForm,
    confirm::{TypedForm, conclude},
    danger_asked::{destroy_view, keep_view, resume_view, suspend_view},
    run_standing::is_turned_back,
};
use crate::{
    pages::{nothing, part},
    web::{Cx, Filled, PageEnd, Refusal, SeeOther},
};
use innkeeper_domain::{
    run::{RunKind, RunState},
    tenant::TenantState,
};
use innkeeper_service::lifecycle::{self, DangerView};
use leptos::prelude::*;

/// Cuts a database off.
#[server(prefix = "/do", endpoint = "suspend")]
pub async fn suspend_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TypedForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::suspend(&cx.service, &cx.visitor, &form.name, &form.typed).await;
    after(&form, &form.name, ended, "/suspend", format!("{} is being suspended.", form.name)).await
}

/// Lets people in again.
#[server(prefix = "/do", endpoint = "resume")]
pub async fn resume_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::resume(&cx.service, &cx.visitor, &form.name).await;
    after(&form, &form.name, ended, "/resume", format!("{} is being resumed.", form.name)).await
}

/// Cuts a database off, to be removed after 7 days.
#[server(prefix = "/do", endpoint = "destroy")]
pub async fn destroy_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TypedForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::destroy(&cx.service, &cx.visitor, &form.name, &form.typed).await;
    after(&form, &form.name, ended, "/destroy", format!("{} is being destroyed.", form.name)).await
}

/// Undoes that, as long as it is there.
#[server(prefix = "/do", endpoint = "keep")]
pub async fn keep_tenant(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::keep(&cx.service, &cx.visitor, &form.name).await;
    after(&form, &form.name, ended, "/keep", format!("{} is kept: it is being brought back.", form.name))
        .await
}

/// Goes on with a destruction that stopped.
#[server(prefix = "/do", endpoint = "try-again")]
pub async fn try_again(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = lifecycle::try_again(&cx.service, &cx.visitor, &form.name).await;
    after(&form, &form.name, ended, "", format!("We try again with {}.", form.name)).await
}

/// Back to where it stands.
async fn after<T: serde::Serialize>(
    form: &T,
    name: &str,
    ended: Result<(), innkeeper_service::Error>,
    asked: &str,
    line: String,
) -> Result<SeeOther, Refusal> {
    let danger = format!("/t/{name}/danger");
    conclude(form, ended, &format!("{danger}{asked}"), &danger, &danger, line).await
}

/// A page that asks, as far as its deed is possible as the database stands now; else the page that shows how it stands.
fn asking(
    possible: fn(&DangerView) -> bool,
    show: fn(DangerView, Filled<TypedForm>, bool) -> AnyView,
) -> AnyView {
    let cx = Cx::get();
    let Some(fresh) = cx.signed_in().map(|person| person.fresh) else { return ().into_any() };
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match lifecycle::danger(&cx.service, &cx.visitor, &name).await {
                Ok(view) if possible(&view) => show(view, cx.form(), fresh),
                Ok(view) => nothing(&cx, PageEnd::Redirect(format!("/t/{}/danger", view.tenant.name))),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// Asks whether to suspend.
#[component]
pub fn SuspendPage() -> impl IntoView {
    asking(|view| view.tenant.state == TenantState::Active && !view.live, suspend_view)
}

/// Asks whether to resume.
#[component]
pub fn ResumePage() -> impl IntoView {
    asking(
        |view| view.tenant.state == TenantState::Suspended && !view.live,
        |view, _, fresh| resume_view(view, fresh),
    )
}

/// Asks whether to destroy.
#[component]
pub fn DestroyPage() -> impl IntoView {
    let possible = |view: &DangerView| {
        matches!(view.tenant.state, TenantState::Active | TenantState::Suspended) && !view.live
    };
    asking(possible, destroy_view)
}

/// Asks whether to keep.
#[component]
pub fn KeepPage() -> impl IntoView {
    asking(can_be_kept, |view, _, fresh| keep_view(view, fresh))
}

/// Whether there is a destruction to be undone: not one that is being undone, and no removal under way.
fn can_be_kept(view: &DangerView) -> bool {
    let too_late = view.run.as_ref().is_some_and(|run| {
        matches!(run.kind, RunKind::UndoDestroy | RunKind::Remove)
            && matches!(run.state, RunState::Running | RunState::Unwinding | RunState::Stuck)
            || is_turned_back(run)
    });
    view.tenant.state == TenantState::Destroying && !too_late
}
