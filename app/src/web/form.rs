//! Forms: what a refused one keeps, and how one is written.

use super::{Cx, Mistakes, Refusal, SeeOther};
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize, Serializer};
use std::marker::PhantomData;

/// A form as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct Filled<T> {
    /// The form's id; the same when it is shown again.
    pub id: String,
    /// What was typed.
    pub values: T,
    /// What is wrong with it.
    pub mistakes: Mistakes,
    /// Whether this is a refused form shown again.
    pub again: bool,
}

/// A refused form, kept in a row of its own until it is shown again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct FormState {
    /// The form's id.
    pub id: String,
    /// What may be echoed of what was typed; secrets serialise as nothing.
    pub values: serde_json::Value,
    /// What is wrong with it.
    pub mistakes: Mistakes,
}

/// Typed into a form, never echoed, never stored: serialises as nothing.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("")
    }
}

/// The token that a form carries: the request's.
pub(crate) fn token() -> String {
    #[cfg(test)]
    if let Some(token) = use_context::<crate::tests::Token>() {
        return token.0.into();
    }
    Cx::get().csrf()
}

/// A form that posts to a server function: method, action, token and form id in one place.
#[component]
pub fn Form<F>(
    /// The form's id, from [`Cx::form`]; none where nothing is typed.
    #[prop(optional, into)]
    id: Option<String>,
    /// Its class.
    #[prop(optional)]
    class: &'static str,
    /// Its fields and buttons.
    children: Children,
    /// The server function.
    #[prop(optional)]
    to: PhantomData<F>,
) -> impl IntoView
where
    F: ServerFn<Output = SeeOther, Error = Refusal> + Send + Sync + 'static,
{
    // Only its type matters.
    let PhantomData = to;
    let class = (!class.is_empty()).then_some(class);
    view! {
        <form method="post" action=F::PATH class=class novalidate>
            <input type="hidden" name="csrf" value=token()/>
            {id.map(|id| view! { <input type="hidden" name="form" value=id/> })}
            {children()}
        </form>
    }
}
