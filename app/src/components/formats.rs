use super::CopyCode;
use innkeeper_domain::connection::Format;
use leptos::prelude::*;

/// A connection written down in one format.
#[derive(Clone, PartialEq, Eq)]
pub struct Snippet {
    /// In which format.
    pub format: Format,
    /// The text to copy.
    pub text: String,
    /// A sentence below it.
    pub note: Option<String>,
}

/// Ten formats behind a radio group: works without scripts, by arrow keys.
#[component]
pub fn FormatTabs(
    /// One for each format.
    snippets: Vec<Snippet>,
) -> impl IntoView {
    let tabs: Vec<_> = snippets
        .iter()
        .map(|Snippet { format, .. }| {
            let (value, first) = (format.as_str(), *format == Format::Uri);
            view! { <label><input type="radio" name="format" value=value checked=first/>{format.label()}</label> }
        })
        .collect();
    let panels: Vec<_> = snippets
        .into_iter()
        .map(|Snippet { format, text, note }| {
            let name = format.as_str();
            view! {
                <div class="panel" data-panel=name>
                    <CopyCode id=format!("as-{name}") text format=name what=format.label()/>
                    {note.map(|note| view! { <p class="small dim tight">{note}</p> })}
                </div>
            }
        })
        .collect();
    view! {
        <div class="card-body tabs">
            <fieldset><legend class="vh">"Format"</legend>{tabs}</fieldset>
            {panels}
        </div>
    }
}
