//! What the tests of components and pages share.

mod danger;
mod domains;
mod handoff;
mod identity;
mod pages;
pub(crate) mod samples;

use leptos::prelude::*;

/// The token of forms in tests.
#[derive(Clone)]
pub struct Token(pub &'static str);

/// Renders a view as a page would be.
pub fn html<V: IntoView + 'static>(view: impl FnOnce() -> V) -> String {
    let owner = Owner::new();
    owner
        .with(|| {
            provide_context(Token("token-of-the-test"));
            leptos_meta::provide_meta_context();
            view().into_view().to_html()
        })
        .replace("<!>", "")
}

/// What a browser has as the text of the element whose tag holds `mark`: entities undone, nothing trimmed.
pub fn text_of(html: &str, mark: &str) -> String {
    let at = html.find(mark).unwrap_or_else(|| panic!("no {mark} in {html}"));
    let start = at + html[at..].find('>').unwrap() + 1;
    let end = start + html[start..].find("</").unwrap();
    let inner = &html[start..end];
    assert!(!inner.contains('<'), "an element within {mark}: {inner}");
    inner
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
