use super::{Icon, words};
use innkeeper_domain::run::StepState;
use innkeeper_service::tenants::StepLine;
use leptos::prelude::*;

/// The steps of a run, in order, in words.
#[component]
pub fn Timeline(
    /// The steps.
    steps: Vec<StepLine>,
) -> impl IntoView {
    let items: Vec<_> = steps.into_iter().map(|step| view! { <Step step/> }).collect();
    view! { <ol class="timeline" role="list">{items}</ol> }
}

#[component]
fn Step(step: StepLine) -> impl IntoView {
    let (label, why) = words::step(&step.name);
    let (state, said, icon) = match step.state {
        StepState::Waiting => ("waiting", "Waiting: ", None),
        StepState::Running => ("running", "Running: ", Some(("loader-circle", true))),
        StepState::Done => ("done", "Done: ", Some(("check", false))),
        StepState::Failed => ("failed", "Failed: ", Some(("x", false))),
        StepState::Undoing => ("running", "Rolling back: ", Some(("rotate-ccw", false))),
        StepState::Undone => ("waiting", "Rolled back: ", Some(("rotate-ccw", false))),
    };
    let current = matches!(step.state, StepState::Running | StepState::Undoing).then_some("step");
    // Once a step is undone, the tries of that are counted as well.
    let trying = matches!(step.state, StepState::Running | StepState::Done);
    let tries = (trying && step.attempts > 1).then(|| format!("Attempt {}. ", step.attempts));
    let why = match step.state {
        StepState::Undone => "Rolled back".to_owned(),
        StepState::Undoing => "Rolling back".to_owned(),
        StepState::Done => step.output.unwrap_or_else(|| why.to_owned()),
        _ => why.to_owned(),
    };
    let error = step.error.filter(|_| step.state != StepState::Done);
    let why = format!("{}{}", tries.unwrap_or_default(), error.unwrap_or(why));
    // A running step is shown as it stood when the page was made: "17 ms" would stay there for its whole time.
    let begun = |seconds: &f64| step.state != StepState::Running || *seconds >= 1.0;
    let length = step.seconds.filter(|_| step.state != StepState::Waiting).filter(begun).map(words::seconds);
    view! {
        <li data-state=state aria-current=current>
            <span class="dot">{icon.map(|(name, spin)| view! { <Icon name spin/> })}</span>
            <div>
                <p class="what"><span class="vh">{said}</span>{label}</p>
                <p class="why">{(!why.is_empty()).then_some(why)}</p>
            </div>
            <span class="dur">{length}</span>
        </li>
    }
}
