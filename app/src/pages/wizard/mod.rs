//! The three steps to a database.

pub mod check;
pub mod database;

use leptos::prelude::*;

/// Where in the three steps a person is.
#[component]
pub fn Steps(
    /// Counted from 1.
    current: usize,
) -> impl IntoView {
    let step = |(at, name): (usize, &'static str)| {
        let at = at + 1;
        let done = at < current;
        view! {
            <li class=done.then_some("done") aria-current=(at == current).then_some("step")>
                {done.then(|| view! { <span class="vh">"Done: "</span> })}
                {name}
            </li>
        }
    };
    let steps: Vec<_> = ["Account", "Database", "Review"].into_iter().enumerate().map(step).collect();
    view! {
        <div>
            <p class="vh">{format!("Step {current} of 3")}</p>
            <ol class="wizard" role="list" aria-label="Steps">{steps}</ol>
        </div>
    }
}
