use super::Icon;
use leptos::prelude::*;

/// A box that says something about the page: icon, strong line, sentence.
#[component]
pub fn Notice(
    /// `ok`, `warn`, `bad`, or nothing.
    #[prop(optional)]
    tone: &'static str,
    /// The icon.
    icon: &'static str,
    /// The line.
    #[prop(into)]
    title: String,
    /// What follows it.
    children: Children,
) -> impl IntoView {
    view! {
        <div class=format!("notice {tone}").trim_end().to_owned()>
            <Icon name=icon/>
            <strong>{title}</strong>
            {children()}
        </div>
    }
}
