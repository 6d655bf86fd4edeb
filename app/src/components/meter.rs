use leptos::prelude::*;
use time::Duration;

/// A bar of `part` in `whole`, as an SVG: widths are attributes, since inline styles are forbidden.
#[component]
pub fn Meter(
    /// How much.
    part: i64,
    /// Of how much.
    whole: i64,
    /// The same in words.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let percent = percent(part, whole);
    let tone = match percent {
        0..80 => "meter",
        80..95 => "meter warn",
        _ => "meter bad",
    };
    view! {
        <svg class=tone role="img" aria-label=label><rect width=format!("{percent}%") height="100%"></rect></svg>
    }
}

/// How far a run has come.
#[component]
pub fn Progress(
    /// What it does.
    what: &'static str,
    /// Steps done.
    done: usize,
    /// Steps in all.
    total: usize,
    /// Whether it failed.
    #[prop(optional)]
    failed: bool,
) -> impl IntoView {
    let width = percent(i64::try_from(done).unwrap_or(0), i64::try_from(total).unwrap_or(0));
    view! {
        <svg
            class=if failed { "meter bad" } else { "meter" } role="progressbar" aria-label=what
            aria-valuemin="0" aria-valuemax=total.to_string() aria-valuenow=done.to_string()
        ><rect width=format!("{width}%") height="100%"></rect></svg>
    }
}

/// Days that pass one by one, those that are over filled.
#[component]
pub fn Days(
    /// How many; 1 to 100.
    days: i64,
    /// How much of them is over.
    over: Duration,
) -> impl IntoView {
    let days = days.clamp(1, 100);
    let minutes = over.whole_minutes().clamp(0, days * DAY);
    // In thousandths of the whole bar, 6 of them between two days.
    let cell = 1000 / days - 6;
    let share = |thousandths: i64| format!("{}.{}%", thousandths / 10, thousandths % 10);
    let cells: Vec<_> = (0..days)
        .map(|day| {
            let x = share(1000 * day / days);
            let filled = cell * (minutes - day * DAY).clamp(0, DAY) / DAY;
            let part =
                (filled > 0).then(|| view! { <rect x=x.clone() width=share(filled) height="100%"></rect> });
            view! { <rect x=x.clone() width=share(cell) height="100%" fill-opacity=".25"></rect> {part} }
        })
        .collect();
    let label = format!("{} of {days} days are over", minutes / DAY);
    view! { <svg class="meter warn" role="img" aria-label=label>{cells}</svg> }
}

/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// A share in whole percent, 0 to 100; never 0 where there is something.
pub(crate) fn percent(part: i64, whole: i64) -> i64 {
    match (part.max(0), whole) {
        (0, _) => 0,
        (_, ..=0) => 100,
        (part, whole) => (part.saturating_mul(100) / whole).clamp(1, 100),
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn shares_stay_within_the_bar() {
        assert_eq!(
            [percent(0, 10), percent(1, 1000), percent(5, 10), percent(30, 10), percent(1, 0)],
            [0, 1, 50, 100, 100]
        );
    }
}
