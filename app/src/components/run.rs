use super::{Badge, Icon, Progress, Timeline, words};
use innkeeper_domain::run::{RunState, StepState};
use innkeeper_service::tenants::RunLine;
use leptos::prelude::*;
use time::OffsetDateTime;

/// How far a run is, in a line.
pub fn run_line(run: &RunLine) -> String {
    match run.state {
        RunState::Running | RunState::Done => {
            let done = run.steps.iter().filter(|step| step.state == StepState::Done).count();
            format!("{done} of {} done", words::count(run.steps.len(), "step", "steps"))
        }
        RunState::Unwinding => "Rolling back".into(),
        RunState::Failed => "Could not be completed".into(),
        RunState::Stuck => "Needs attention".into(),
    }
}

/// Why a run did not go well, in a sentence or two.
pub fn run_failure(run: &RunLine) -> String {
    if let (RunState::Stuck, Some(step)) =
        (run.state, run.steps.iter().find(|step| step.state == StepState::Undoing))
    {
        let error = step.error.as_deref().unwrap_or("No details yet.");
        return format!("The step “{}” could not be rolled back. {error}", words::step(&step.name).0);
    }
    // The last one: a step before it whose undoing had to be tried again is marked as well.
    let failed = run.steps.iter().rfind(|step| step.state == StepState::Failed);
    let at = failed.map(|step| format!("The step “{}” failed. ", words::step(&step.name).0));
    format!("{}{}", at.unwrap_or_default(), run.failure.as_deref().unwrap_or("No details yet."))
}

/// A run as its people watch it: how far it is, its steps, and when something of it last changed.
#[component]
pub fn RunCard(
    /// The run.
    run: RunLine,
    /// What it does.
    what: &'static str,
    /// How far it is.
    line: String,
    /// How long it took, or has taken so far.
    took: Option<String>,
    /// When something of it last changed.
    changed_at: Option<OffsetDateTime>,
    /// The page it stands on, to be looked at again.
    #[prop(into)]
    page: String,
) -> impl IntoView {
    let (done, total) =
        (run.steps.iter().filter(|step| step.state == StepState::Done).count(), run.steps.len());
    let running = !run.state.is_over();
    let (tone, badge) = match run.state {
        RunState::Running => ("live", "Running"),
        RunState::Unwinding => ("warn", "Rolling back"),
        RunState::Done => ("ok", "Done"),
        RunState::Failed => ("bad", "Failed"),
        RunState::Stuck => ("bad", "Needs attention"),
    };
    let failed = !matches!(run.state, RunState::Running | RunState::Done);
    view! {
        <section class="card" aria-labelledby="steps">
            <div class="card-head">
                <h2 id="steps"><span role="status">{line}</span></h2>
                <Badge tone text=badge/>
                <span class="push small dim num">{took}</span>
                <Progress what done total failed/>
            </div>
            <Timeline steps=run.steps/>
            <div class="card-foot">
                <span class="small dim grow">
                    {running.then_some("Updates by itself. ")}
                    {changed_at.map(|at| view! {
                        "Last change at " <time datetime=words::stamp(at)>{words::clock_seconds(at)}</time> "."
                    })}
                </span>
                {running.then(|| view! {
                    <a class="btn btn-sm" href=page><Icon name="refresh-cw"/>"Check now"</a>
                })}
            </div>
        </section>
    }
}
