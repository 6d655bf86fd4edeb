//! The pages, by area.

pub mod account;
pub mod help;
pub mod landing;
pub mod mailbox;
pub mod organisation;
pub(crate) mod others;
pub mod passkey;
pub(crate) mod plan_cards;
pub mod sign_in;
pub mod sign_up;
pub mod staff;
pub mod tenant;
pub mod tenants;
pub mod verify;
pub mod wizard;

use crate::web::{Cx, PageEnd};
use innkeeper_service::Error;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

/// Waits for a page's data, then shows it; an error ends the page instead.
pub(crate) fn load<T: 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
    show: impl FnOnce(T) -> AnyView + Send + 'static,
) -> AnyView {
    let cx = Cx::get();
    view! {
        {Suspend::new(async move {
            match work.await {
                Ok(data) => show(data),
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// Shows nothing, because the page ends in another way.
pub(crate) fn nothing(cx: &Cx, end: PageEnd) -> AnyView {
    cx.end(end);
    ().into_any()
}

/// A part of the path, decoded; empty where there is none.
pub(crate) fn part(name: &str) -> String {
    use_params_map().get_untracked().get(name).unwrap_or_default()
}

/// Reloads the page by itself where scripts are off; put there only while something is going on.
#[component]
pub(crate) fn RefreshWithoutScript() -> impl IntoView {
    view! { <noscript><meta http-equiv="refresh" content="3"/></noscript> }
}
