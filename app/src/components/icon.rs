use innkeeper_assets::url;
use leptos::prelude::*;

/// An icon of the sprite, hidden from screen readers: the words beside it say the same.
#[component]
pub fn Icon(
    /// Its id in the sprite.
    name: &'static str,
    /// Whether it turns.
    #[prop(optional)]
    spin: bool,
    /// Without the class of line icons.
    #[prop(optional)]
    plain: bool,
) -> impl IntoView {
    let class = (!plain).then_some(if spin { "i spin" } else { "i" });
    view! {
        <svg class=class aria-hidden="true"><use href=format!("{}#{name}", url("icons.svg"))></use></svg>
    }
}
