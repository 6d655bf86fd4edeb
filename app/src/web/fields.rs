//! Fields: label, hint, error and control, in that order and tied together (WCAG 2.2, 1.3.1, 3.3.1 to 3.3.3).

use super::Mistakes;
use leptos::prelude::*;

/// What is wrong with a field, if something is.
#[derive(Clone, Debug, Default)]
pub struct Issue(pub Option<String>);

impl From<Option<&str>> for Issue {
    fn from(what: Option<&str>) -> Self {
        Self(what.map(Into::into))
    }
}

/// The id of a field: its name, on a page with several forms behind the last part of its form's action.
pub fn id_of(action: &str, name: &str) -> String {
    match action.rsplit('/').next() {
        None | Some("") => name.to_owned(),
        Some(form) => format!("{form}-{name}"),
    }
}

/// The ids by which a control is described: its hint and its error, where it has them.
pub fn described_by(id: &str, hint: bool, error: bool) -> Option<String> {
    let ids: Vec<_> = [(hint, "hint"), (error, "error")]
        .into_iter()
        .filter(|part| part.0)
        .map(|part| format!("{id}-{}", part.1))
        .collect();
    (!ids.is_empty()).then(|| ids.join(" "))
}

/// Hint and error of a control.
#[component]
pub fn About(
    /// The control's id.
    id: String,
    /// Help that always stands there.
    #[prop(optional)]
    hint: &'static str,
    /// What is wrong.
    issue: Issue,
) -> impl IntoView {
    let hint = (!hint.is_empty()).then(|| view! { <p class="hint" id=format!("{id}-hint")>{hint}</p> });
    let error = issue.0.map(|what| {
        view! { <p class="error" id=format!("{id}-error")><span class="vh">"Error: "</span>{what}</p> }
    });
    view! { {hint} {error} }
}

/// A field of one line.
#[component]
pub fn Field(
    /// Its name.
    name: &'static str,
    /// The action of its form, on a page with several forms.
    #[prop(default = "")]
    form: &'static str,
    /// Its label.
    #[prop(into)]
    label: String,
    /// Help that always stands there.
    #[prop(optional)]
    hint: &'static str,
    /// `type` of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// Its classes.
    #[prop(default = "input")]
    class: &'static str,
    /// `autocomplete` (WCAG 2.2, 1.3.5).
    autocomplete: &'static str,
    /// `inputmode`, where the keyboard of a phone should differ.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// What was typed.
    #[prop(optional, into)]
    value: String,
    /// What is wrong with it.
    #[prop(into)]
    mistake: Issue,
) -> impl IntoView {
    let wrong = mistake.0.is_some();
    let id = id_of(form, name);
    let typo = matches!(class, "input mono" | "input otp") || kind == "email";
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <About id=id.clone() hint issue=mistake/>
            <input
                id=id.clone() name=name type=kind class=class value=value
                autocomplete=autocomplete inputmode=inputmode
                spellcheck=typo.then_some("false") autocapitalize=typo.then_some("none")
                aria-invalid=wrong.then_some("true")
                aria-describedby=described_by(&id, !hint.is_empty(), wrong)
            />
        </div>
    }
}

/// A field of several lines.
#[component]
pub fn Area(
    /// Its name.
    name: &'static str,
    /// The action of its form, on a page with several forms.
    #[prop(default = "")]
    form: &'static str,
    /// Its label.
    label: &'static str,
    /// Help that always stands there.
    hint: &'static str,
    /// What was typed.
    value: String,
    /// What is wrong with it.
    #[prop(into)]
    mistake: Issue,
) -> impl IntoView {
    let wrong = mistake.0.is_some();
    let (id, text) = (id_of(form, name), escaped(&value));
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <About id=id.clone() hint issue=mistake/>
            <textarea
                id=id.clone() name=name class="input mono" rows="3" spellcheck="false" autocapitalize="none"
                autocomplete="off" aria-invalid=wrong.then_some("true")
                aria-describedby=described_by(&id, true, wrong)
            >{text}</textarea>
        </div>
    }
}

/// A group of radio buttons with its mistake.
#[component]
pub fn Choice(
    /// Their name.
    name: &'static str,
    /// The action of their form, on a page with several forms. One of the buttons has the id of [`id_of`].
    #[prop(default = "")]
    form: &'static str,
    /// What is chosen.
    legend: &'static str,
    /// What is wrong.
    #[prop(into)]
    mistake: Issue,
    /// The buttons.
    children: Children,
) -> impl IntoView {
    let id = id_of(form, name);
    let described = described_by(&id, false, mistake.0.is_some());
    view! {
        <fieldset class="choices" aria-describedby=described>
            <legend>{legend}</legend>
            <About id issue=mistake/>
            {children()}
        </fieldset>
    }
}

/// The text of a `textarea`. Leptos writes the children of this element as they are, unlike those of all others. The
/// browser drops one line break right behind the tag (HTML, 13.2.6.4.7), so it gets one; that also keeps an empty
/// text from being written as a blank.
fn escaped(text: &str) -> String {
    format!("\n{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

/// All mistakes of a form, above it, each leading to its field. Nothing where there is none.
#[component]
pub fn ErrorSummary(
    /// The mistakes.
    mistakes: Mistakes,
    /// The names of the form's fields in the order of the page.
    fields: &'static [&'static str],
    /// The form's action, on a page with several forms.
    #[prop(optional, into)]
    form: String,
) -> impl IntoView {
    let known = fields.iter().filter_map(|field| Some((id_of(&form, field), mistakes.of(field)?.to_owned())));
    let other = mistakes.0.iter().filter(|mistake| !fields.contains(&mistake.field.as_str()));
    let items: Vec<_> = known
        .chain(other.map(|mistake| ("main".to_owned(), mistake.detail.clone())))
        .map(|(field, what)| view! { <li><a href=format!("#{field}")>{what}</a></li> })
        .collect();
    let title = match items.len() {
        1 => "There is a problem".to_owned(),
        count => format!("There are {count} problems"),
    };
    (!items.is_empty()).then(|| {
        view! {
            <div class="error-summary" tabindex="-1" autofocus=true aria-labelledby="mistakes">
                <div role="alert"><h2 id="mistakes">{title}</h2></div>
                <ul role="list">{items}</ul>
            </div>
        }
    })
}
