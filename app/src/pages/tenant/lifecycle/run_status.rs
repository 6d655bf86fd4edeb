//! How a run stands that changes a database's life: its steps, what failed, and what to do.

use super::actions::TryAgain;
use crate::{
    components::{CopySecret, Icon, Notice, RunCard, run_failure, run_line, words},
    web::Form,
};
use innkeeper_domain::{
    name::TenantName,
    removal::GIVEN_BACK_FOR,
    routes::Page,
    run::{RunKind, RunState, StepState},
};
use innkeeper_service::tenants::{RunLine, TenantView};
use leptos::prelude::*;

/// Days between the cutting off and the removal.
pub(in crate::pages::tenant) const DAYS: i64 = GIVEN_BACK_FOR.whole_days();

/// The way to the page that asks whether to keep it.
#[component]
pub(in crate::pages::tenant) fn KeepLink(name: String) -> impl IntoView {
    view! { <a class="btn btn-primary" href=Page::CancelDeletion((&name).into()).to_string()><Icon name="rotate-ccw"/>"Cancel deletion"</a> }
}

/// The run a page is about: one that is under way or stuck, or the last one if it failed and nothing came after it.
pub(in crate::pages::tenant) fn on_show<'a>(
    tenant: &TenantView,
    run: Option<&'a RunLine>,
) -> Option<&'a RunLine> {
    let newest = tenant.run.as_ref().map(|(id, ..)| *id);
    run.filter(|run| match run.state {
        RunState::Running | RunState::Unwinding | RunState::Stuck => true,
        RunState::Failed => newest == Some(run.id),
        RunState::Done => false,
    })
}

/// The steps of that run.
#[component]
pub(in crate::pages::tenant) fn Watched(run: RunLine, page: Page) -> impl IntoView {
    let line = match (run.kind, run.state) {
        (RunKind::Destroy, RunState::Stuck) => "Stopped".to_owned(),
        (RunKind::Suspend, RunState::Stuck) if !is_turned_back(&run) => "Needs attention".to_owned(),
        (kind, RunState::Running) => format!("{}: {}", words::doing(kind), run_line(&run)),
        _ => run_line(&run),
    };
    let took = run.finished_at.map(|end| words::seconds((end - run.created_at).as_seconds_f64()));
    let changed_at = run.steps.iter().flat_map(|step| [step.started_at, step.finished_at]).flatten().max();
    view! { <RunCard run what="Steps" line took changed_at page/> }
}

/// The number of that run, to be quoted.
#[component]
pub(in crate::pages::tenant) fn Support(number: String) -> impl IntoView {
    view! {
        <section class="card card-body" aria-labelledby="wrong">
            <h2 id="wrong">"Something wrong?"</h2>
            <p class="small dim">"Quote this number to support:"</p>
            <p class="tight"><CopySecret id="number" text=number label="Copy support number"/></p>
        </section>
    }
}

/// What became of that run if it did not go well, and what to do; without one, that something else is under way.
#[component]
pub(in crate::pages::tenant) fn RunStanding(
    name: TenantName,
    run: Option<RunLine>,
    live: bool,
) -> impl IntoView {
    let name = name.to_string();
    let Some(run) = run else {
        return live
            .then(|| {
                view! {
                    <Notice icon="info" title="Another operation is in progress">
                        <p>
                            "Changes are possible once it has finished. "
                            <a href=Page::Activity((&name).into()).to_string()>"View steps"</a>
                        </p>
                    </Notice>
                }
            })
            .into_any();
    };
    let why = run_failure(&run);
    match (run.kind, run.state) {
        (RunKind::Destroy, RunState::Running) => view! {
            <Notice tone="warn" icon="timer" title=format!("{name} is being deleted")>
                <p>{format!("Nothing is deleted yet, and nothing will be for {DAYS} days. You can cancel the deletion.")}</p>
                <p class="tight"><KeepLink name=name.clone()/></p>
            </Notice>
        }
        .into_any(),
        (RunKind::Destroy, RunState::Stuck) if is_turned_back(&run) => view! {
            <Notice tone="bad" icon="circle-alert" title=format!("{name} is not restored yet")>
                <p>{why}</p>
                <p>"Nothing was deleted. Try again, or quote the support number if you contact support."</p>
                <TryAgainForm name/>
            </Notice>
        }
        .into_any(),
        (RunKind::Destroy, RunState::Stuck) => view! {
            <Notice tone="bad" icon="circle-alert" title="Deletion failed. Nothing was deleted.">
                <p>{why}</p>
                <p>"The database is offline; no data was lost. Try again, or cancel the deletion to restore the database as it was before."</p>
                <div class="row tight">
                    <TryAgainForm name=name.clone()/>
                    <a class="btn" href=Page::CancelDeletion((&name).into()).to_string()>"Cancel deletion"</a>
                </div>
            </Notice>
        }
        .into_any(),
        (RunKind::Suspend, RunState::Stuck) if !is_turned_back(&run) => view! {
            <Notice tone="bad" icon="circle-alert" title="Suspended; needs attention">
                <p>{why}</p>
                <p>"Nobody can connect, and it stays that way. Try again when these sessions have ended, or contact support."</p>
                <div class="row tight"><TryAgainForm name/></div>
            </Notice>
        }
        .into_any(),
        (_, RunState::Running | RunState::Done) => ().into_any(),
        (RunKind::Destroy, RunState::Unwinding) => view! {
            <Notice icon="rotate-ccw" title=format!("{name} is being restored")>
                <p>{why}</p>
            </Notice>
        }
        .into_any(),
        (RunKind::Destroy, RunState::Failed) => view! {
            <Notice icon="rotate-ccw" title=format!("{name} was not deleted")>
                <p>{why}</p>
                <p>"It was rolled back: the database is as it was before."</p>
            </Notice>
        }
        .into_any(),
        (_, RunState::Unwinding) => view! {
            <Notice tone="warn" icon="rotate-ccw" title="Rolling back">
                <p>{why}</p>
                <p>"In a moment the database is as it was before."</p>
            </Notice>
        }
        .into_any(),
        (kind, RunState::Failed) => view! {
            <Notice tone="bad" icon="circle-alert" title=undone(kind, &name)>
                <p>{why}</p>
                <p>"It was rolled back: the database is as it was before. You can try again below."</p>
            </Notice>
        }
        .into_any(),
        (_, RunState::Stuck) => view! {
            <Notice tone="bad" icon="circle-alert" title="Needs attention">
                <p>{why}</p>
                <p>"It could not be completed or rolled back. The operators of this portal can see it. Quote the support number if you contact support."</p>
            </Notice>
        }
        .into_any(),
    }
}

/// Whether a suspension or destruction is on its way back, or stuck there.
pub(in crate::pages::tenant) fn is_turned_back(run: &RunLine) -> bool {
    let undoing = || run.steps.iter().any(|step| step.state == StepState::Undoing);
    matches!(run.kind, RunKind::Suspend | RunKind::Destroy)
        && (run.state == RunState::Unwinding || (run.state == RunState::Stuck && undoing()))
}

/// Lets the run go on where it stopped.
#[component]
fn TryAgainForm(name: String) -> impl IntoView {
    view! {
        <Form<TryAgain>>
            <input type="hidden" name="name" value=name/>
            <button type="submit" class="btn btn-primary"><Icon name="refresh-cw"/>"Try again"</button>
        </Form<TryAgain>>
    }
}

/// What did not come about.
fn undone(kind: RunKind, name: &str) -> String {
    match kind {
        RunKind::Suspend => format!("{name} could not be suspended"),
        RunKind::Resume => format!("{name} could not be resumed"),
        RunKind::UndoDestroy => format!("{name} could not be restored"),
        RunKind::ChangePlan => format!("The plan of {name} could not be changed"),
        _ => format!("The last operation of {name} failed"),
    }
}
