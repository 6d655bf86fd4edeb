//! Forms: how one is written.

use super::{Cx, Refusal, SeeOther};
use leptos::{prelude::*, server_fn::ServerFn};
use std::marker::PhantomData;

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
