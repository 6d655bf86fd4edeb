use super::Icon;
use leptos::prelude::*;

/// A short text in a box with a copy button.
#[component]
pub fn CopySecret(
    /// Id of the element whose text is copied.
    #[prop(into)]
    id: String,
    /// The text.
    text: String,
    /// What the button does, for screen readers: "Copy …".
    #[prop(into)]
    label: String,
) -> impl IntoView {
    view! {
        <span class="secret">
            <code id=id.clone()>{text}</code>
            <button type="button" class="btn btn-quiet btn-sm btn-icon" data-js data-copy-from=id aria-label=label>
                <Icon name="copy"/>
            </button>
        </span>
    }
}

/// A block of text to copy. Its `code` element holds the text and nothing else.
#[component]
pub fn CopyCode(
    /// Id of the element whose text is copied.
    #[prop(into)]
    id: String,
    /// The text.
    text: String,
    /// The format, as `data-format`.
    #[prop(optional, into)]
    format: Option<&'static str>,
    /// The role, as `data-role`, where it is not the application's.
    #[prop(optional, into)]
    role: Option<&'static str>,
    /// What is copied, for screen readers, behind the word "Copy".
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0" role="group" aria-label=what.clone()><code id=id.clone() data-format=format data-role=role>{text}</code></pre>
            <button type="button" class="btn btn-sm" data-js data-copy-from=id>
                <Icon name="copy"/><span>"Copy"</span><b class="vh">{format!(" {what}")}</b>
            </button>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{html, text_of};

    #[test]
    fn the_element_holds_the_text_and_nothing_else() {
        let text = "a=\"1\" & <b>\n\tb='2' {}\n";
        let page = html(move || view! { <CopyCode id="x" text=text.into() format="env" what="it"/> });
        assert_eq!(text_of(&page, "id=\"x\""), text);
        assert!(!page.contains("<b>\n"), "{page}");
    }
}
