//! What all pages have that ask whether it is really meant. Dialogs are pages here.

use crate::{
    components::Icon,
    web::{Cx, ErrorSummary, Field, Issue, Mistakes, PageTitle, Refusal, SeeOther, refused, see_other},
};
use innkeeper_domain::{name::TenantName, routes::Page};
use innkeeper_service::Error;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which database, and its name as the person typed it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TypedForm {
    /// Its name.
    pub name: String,
    /// What was typed.
    pub confirmation: String,
}

/// Ends an act: to `next` with a line; back to `asked` with mistakes or for a fresh sign-in; and to `stands`, which
/// shows how it stands, if the database has changed meanwhile.
pub(super) async fn conclude<T: Serialize>(
    form: &T,
    ended: Result<(), Error>,
    asked: &str,
    stands: &str,
    next: &str,
    line: String,
) -> Result<SeeOther, Refusal> {
    match ended {
        Ok(()) => {
            Cx::get().say(&line).await?;
            see_other(next)
        }
        Err(Error::Conflict) => {
            Cx::get()
                .say("Nothing was done: it has changed since you opened the page. This is the current state.")
                .await?;
            see_other(stands)
        }
        Err(error) => Err(refused(asked, form, error)),
    }
}

/// The page around the question: what it is, in one sentence what it means, and what is wrong with the form.
#[component]
pub(super) fn Asking(
    #[prop(into)] title: String,
    #[prop(into)] means: String,
    #[prop(optional)] mistakes: Mistakes,
    children: Children,
) -> impl IntoView {
    view! {
        <PageTitle text=title.clone() error=!mistakes.is_empty()/>
        <div class="narrow stack">
            <ErrorSummary mistakes fields=&["confirmation"]/>
            <div class="page-head flush">
                <h1>{title}</h1>
                <p>{means}</p>
            </div>
            {children()}
        </div>
    }
}

/// What will happen, to what, and whether it can be undone.
pub(in crate::pages) fn preview(rows: Vec<(&'static str, AnyView)>) -> AnyView {
    let rows: Vec<_> =
        rows.into_iter().map(|(what, value)| view! { <div><dt>{what}</dt><dd>{value}</dd></div> }).collect();
    view! { <dl class="kv wide">{rows}</dl> }.into_any()
}

/// A row with the database itself.
pub(super) fn database(name: &TenantName) -> (&'static str, AnyView) {
    ("Database", view! { <span class="mono">{name.to_string()}</span> }.into_any())
}

/// The field for the name.
#[component]
pub(super) fn TypedName(name: String, typed: String, #[prop(into)] mistake: Issue) -> impl IntoView {
    view! {
        <div class="card-body">
            <Field
                name="confirmation" label=format!("Type {name} to confirm") class="input mono" autocomplete="off"
                value=typed mistake
            />
        </div>
    }
}

/// The button that does it, or the way to a sign-in that is fresh enough; and the way out.
#[component]
pub(in crate::pages) fn Press(
    /// What it does, as the button says.
    label: &'static str,
    icon: &'static str,
    #[prop(default = "btn btn-primary")] class: &'static str,
    /// Whether the sign-in is fresh.
    fresh: bool,
    /// This page, to come back to.
    #[prop(into)]
    here: String,
    /// The page the person came from.
    #[prop(into)]
    back: String,
) -> impl IntoView {
    let press = if fresh {
        view! { <button type="submit" class=class><Icon name=icon/>{label}</button> }.into_any()
    } else {
        view! { <SignInAgain what="Sign in again to continue" back=here/> }.into_any()
    };
    view! {
        <div class="card-foot">
            {press}
            <a class="btn btn-quiet" href=back>"Cancel"</a>
            {(!fresh).then(|| view! {
                <p class="small dim">"You can do this only within 5 minutes of signing in. Your sign-in is older."</p>
            })}
        </div>
    }
}

/// Leads through a fresh sign-in and back to a page.
#[component]
pub(crate) fn SignInAgain(what: &'static str, #[prop(into)] back: String) -> impl IntoView {
    let href = Page::SignIn.with("return", &back);
    view! { <a class="btn btn-primary" href=href.to_string()><Icon name="lock-keyhole"/>{what}</a> }
}
