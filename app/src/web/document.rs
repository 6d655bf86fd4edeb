//! The document around every page.

use crate::components::Icon;
use innkeeper_assets::url;
use innkeeper_domain::routes::Page;
use leptos::prelude::*;
use leptos_meta::{Meta, Title};

/// The name that follows every title.
const PRODUCT: &str = "Innkeeper";

/// What every document has in its head.
#[component]
pub fn Head() -> impl IntoView {
    view! {
        <meta charset="utf-8"/>
        <meta name="viewport" content="width=device-width, initial-scale=1"/>
        <meta name="color-scheme" content="light dark"/>
        <link rel="icon" type="image/svg+xml" href=url("favicon.svg")/>
        <link rel="preload" r#as="font" type="font/woff2" href=url("fonts/inter.woff2") crossorigin="anonymous"/>
        <link rel="stylesheet" href=url("main.css")/>
        <script type="module" src=url("enhance.js")></script>
    }
}

/// Skip link, top bar, main part and foot.
#[component]
pub fn Layout(
    /// What stands at the right of the top bar.
    #[prop(optional)]
    menu: Option<AnyView>,
    /// Where support is reached.
    support: Option<String>,
    /// One line on what has just been done.
    flash: Option<String>,
    /// The page.
    children: Children,
) -> impl IntoView {
    let flash = flash.map(|line| {
        view! { <p class="flash ok" role="status"><Icon name="circle-check"/><span>{line}</span></p> }
    });
    let support = support.map(|to| view! { <a href=format!("mailto:{to}")>"Support: " {to.clone()}</a> });
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <header class="topbar">
            <a class="brand" href=Page::Landing.to_string()><Icon name="brand" plain=true/>{PRODUCT}</a>
            {menu}
        </header>
        <main id="main" class="page" tabindex="-1">
            {flash}
            {children()}
        </main>
        <footer class="foot">
            <a href=Page::Help.to_string()>"Help"</a>
            <a href=Page::CaCertificate.to_string()>"CA certificate"</a>
            {support}
        </footer>
    }
}

/// The page's title, escaped: `leptos_meta::Title` writes its text as it is. Nothing else may use that component.
#[component]
pub fn PageTitle(
    /// What the page is.
    #[prop(into)]
    text: String,
    /// Whether it is a refused form shown again.
    #[prop(optional)]
    error: bool,
) -> impl IntoView {
    view! { <Title text=title(&text, error)/> }
}

/// Keeps the page's address out of what it links to: where a secret is shown, or a token stands in the address. Goes
/// beside a page's `Suspend`, never into it: what is rendered there does not reach the head.
#[component]
pub fn NoReferrer() -> impl IntoView {
    view! { <Meta name="referrer" content="no-referrer"/> }
}

/// A title as it stands in the document.
fn title(what: &str, error: bool) -> String {
    let what = what.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    format!("{}{what} – {PRODUCT}", if error { "Error: " } else { "" })
}

#[cfg(test)]
mod tests {
    #[test]
    fn titles_are_escaped() {
        let title = super::title("</title><script>alert(1)</script> & co", true);
        assert_eq!(title, "Error: &lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; co – Innkeeper");
    }
}
