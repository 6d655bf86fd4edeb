//! The document with all pages in it: the router's table, and the menu.

mod leaving;
pub mod menu;
mod routes;

pub use leaving::leaves_a_secret;

use self::{
    menu::{AccountMenu, SignInMenu},
    routes::Pages,
};
use crate::web::{Cx, Head, Layout};
use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};

/// The whole document, for the portal's renderer.
pub fn shell() -> impl IntoView {
    let theme = use_context::<Cx>().and_then(|cx| cx.theme.attribute());
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <Head/>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}

/// All pages, behind their paths.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    // No context while the list of routes is made.
    let cx = use_context::<Cx>();
    let person = cx.as_ref().and_then(|cx| cx.requester.account.clone());
    let flash = cx.as_ref().and_then(|cx| cx.flash.clone());
    let support = cx.as_ref().and_then(|cx| cx.service.settings.support.as_ref().map(ToString::to_string));
    let menu = match person {
        Some(person) => {
            view! { <AccountMenu email=person.email.to_string() staff=person.staff.is_some()/> }.into_any()
        }
        None if cx.is_some() => view! { <SignInMenu/> }.into_any(),
        None => ().into_any(),
    };
    view! {
        <Layout menu support flash>
            <Pages/>
        </Layout>
    }
}
