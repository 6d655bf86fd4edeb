//! Plans to choose from, as radio cards.

use crate::web::{Choice, Issue};
use innkeeper_domain::plan::Plan;
use leptos::prelude::*;

/// A plan on offer.
pub(crate) struct PlanCard {
    pub plan: Plan,
    /// Whether it is the one in force.
    pub current: bool,
    /// Why it cannot be chosen.
    pub refused: Option<String>,
}

impl From<Plan> for PlanCard {
    fn from(plan: Plan) -> Self {
        Self { plan, current: false, refused: None }
    }
}

/// Radio cards named `plan`. The plan in force can be seen there, not chosen.
#[component]
pub(crate) fn PlanCards(cards: Vec<PlanCard>, chosen: String, #[prop(into)] mistake: Issue) -> impl IntoView {
    let open = |card: &PlanCard| !card.current && card.refused.is_none();
    let names: Vec<_> =
        cards.iter().map(|card| if open(card) { card.plan.name.as_str() } else { "" }).collect();
    let preselected = preselected(names.into_iter(), &chosen);
    // A link to the group leads to one that can be chosen.
    let first = preselected.unwrap_or(0);
    let cards: Vec<_> = cards
        .into_iter()
        .enumerate()
        .map(|(at, card)| {
            let (checked, disabled) = (preselected == Some(at), !open(&card));
            let PlanCard { plan, current, refused } = card;
            let limits = format!(
                "{} connections, {} GB storage, {} MB work_mem. {}",
                plan.limits.connections, plan.limits.storage_gb, plan.limits.work_mem_mb, plan.summary
            );
            view! {
                <label class="choice">
                    <input
                        type="radio" name="plan" value=plan.name id=(at == first).then_some("plan")
                        checked=checked disabled=disabled
                    />
                    <strong>{plan.label}</strong>
                    {current.then(|| view! { <span class="badge ok">"Current"</span> })}
                    <span class="hint">{limits}</span>
                    {refused.map(|why| view! { <span class="hint">"Not available: " {why}</span> })}
                </label>
            }
        })
        .collect();
    view! { <Choice name="plan" legend="Plan" mistake>{cards}</Choice> }
}

/// The one that is checked: what was chosen, else the first that can be. An empty name cannot be chosen.
pub(crate) fn preselected<'a>(names: impl Iterator<Item = &'a str> + Clone, chosen: &str) -> Option<usize> {
    let mut by_name = names.clone();
    by_name.position(|name| !name.is_empty() && name == chosen).or_else(|| {
        let mut open = names;
        open.position(|name| !name.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::preselected;

    #[test]
    fn something_is_always_preselected_but_never_a_full_region() {
        assert_eq!(preselected(["a", "b"].into_iter(), "b"), Some(1));
        assert_eq!(preselected(["", "b"].into_iter(), ""), Some(1));
        assert_eq!(preselected(["a", "b"].into_iter(), "gone"), Some(0));
        assert_eq!(preselected([""].into_iter(), ""), None);
    }
}
