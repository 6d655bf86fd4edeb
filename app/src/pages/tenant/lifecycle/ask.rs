//! Suspend, resume, destroy, keep: each asked for on a page of its own that says what will happen.

use super::{
    actions::{DestroyTenant, KeepTenant, ResumeTenant, SuspendTenant},
    views::{destroy_view, keep_view, resume_view, suspend_view},
};
use crate::{
    pages::{
        nothing, part,
        tenant::{confirm::TypedForm, lifecycle::run_status::is_turned_back},
    },
    web::{Cx, Filled, PageEnd},
};
use innkeeper_domain::{
    routes::Page,
    run::{RunKind, RunState},
    tenant::TenantState,
};
use innkeeper_service::tenants::lifecycle::{self, DangerView};
use leptos::{prelude::*, server_fn::ServerFn};

/// A page that asks, as far as its deed is possible as the database stands now; else the page that shows how it stands.
fn asking<F: ServerFn>(
    possible: fn(&DangerView) -> bool,
    show: fn(DangerView, Filled<TypedForm>, bool) -> AnyView,
) -> AnyView {
    let cx = Cx::get();
    let Some(fresh) = cx.signed_in().map(|person| person.fresh) else { return ().into_any() };
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match lifecycle::danger(&cx.service, &cx.requester, &name).await {
                Ok(view) if possible(&view) => show(view, cx.form::<F, _>(), fresh),
                Ok(view) => nothing(&cx, PageEnd::Redirect(Page::Danger((&view.tenant.name).into()).into())),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// Asks whether to suspend.
#[component]
pub fn SuspendPage() -> impl IntoView {
    asking::<SuspendTenant>(|view| view.tenant.state == TenantState::Active && !view.live, suspend_view)
}

/// Asks whether to resume.
#[component]
pub fn ResumePage() -> impl IntoView {
    asking::<ResumeTenant>(
        |view| view.tenant.state == TenantState::Suspended && !view.live,
        |view, _, fresh| resume_view(view, fresh),
    )
}

/// Asks whether to destroy.
#[component]
pub fn DeletePage() -> impl IntoView {
    let possible = |view: &DangerView| {
        matches!(view.tenant.state, TenantState::Active | TenantState::Suspended) && !view.live
    };
    asking::<DestroyTenant>(possible, destroy_view)
}

/// Asks whether to keep.
#[component]
pub fn CancelDeletionPage() -> impl IntoView {
    asking::<KeepTenant>(can_be_kept, |view, _, fresh| keep_view(view, fresh))
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
