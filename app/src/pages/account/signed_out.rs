//! After signing out, where somebody else may think the person still signed in.

use crate::{
    components::Icon,
    pages::nothing,
    web::{Cx, PageEnd, PageTitle},
};
use innkeeper_domain::{identity::ProviderKind, routes::Page};
use innkeeper_service::people::providers;
use leptos::prelude::*;

/// The page.
#[component]
pub fn SignedOutPage() -> impl IntoView {
    let cx = Cx::get();
    let asked = cx.asked("provider");
    if cx.requester.account.is_some() {
        return nothing(&cx, PageEnd::Redirect(Page::Landing.into()));
    }
    view! {
        {Suspend::new(async move {
            match providers::named(&cx.service, &asked).await {
                // GitHub offers no address for that.
                Ok(provider) => {
                    let way_out = provider.kind != ProviderKind::GitHub;
                    signed_out_view(provider.label.clone(), way_out.then(|| Page::ProviderSignOut(asked.into()).to_string()))
                }
                Err(_) => nothing(&cx, PageEnd::Redirect(Page::Landing.into())),
            }
        })}
    }
    .into_any()
}

pub(crate) fn signed_out_view(label: String, way_out: Option<String>) -> AnyView {
    let there = match way_out {
        Some(to) => view! {
            <a class="btn" href=to>{format!("Sign out of {label} too")}<Icon name="arrow-right"/></a>
        }
        .into_any(),
        None => ().into_any(),
    };
    view! {
        <PageTitle text="Signed out"/>
        <div class="narrow slim stack">
            <div class="page-head flush">
                <h1>"You are signed out"</h1>
                <p>{format!(
                    "You may still be signed in to {label} on this device."
                )}</p>
            </div>
            <div class="row">
                {there}
                <a class="btn btn-quiet" href=Page::Landing.to_string()>"Home"</a>
            </div>
        </div>
    }
    .into_any()
}
