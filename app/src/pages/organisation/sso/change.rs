//! What the forms of this page share: what a button is about, and how a change ends.

use crate::{
    pages::organisation::nav::present,
    web::{Cx, Form, Refusal, SeeOther, refused, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::Error;
use leptos::{prelude::*, server_fn::ServerFn};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

/// The organisation, and what a button is about.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AboutForm {
    /// Its slug.
    pub organisation: String,
    /// What it is about.
    pub what: String,
}

/// Ends a change: back to the page, with a line or with the mistakes.
pub(super) async fn conclude<T: Serialize>(
    slug: &str,
    form: &T,
    ended: Result<(), Error>,
    line: &str,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::SignInSettings(present(&cx, slug).await.into()).to_string();
    match ended {
        Ok(()) => {
            cx.say(line).await?;
            see_other(page)
        }
        Err(error) => Err(refused(&page, form, error)),
    }
}

/// A small button that sends what it is about and nothing else.
#[component]
pub(super) fn Act<F>(
    /// Names and values of what is sent.
    fields: Vec<(&'static str, String)>,
    label: &'static str,
    /// What it is about, for screen readers.
    #[prop(optional, into)]
    which: String,
    #[prop(default = "btn btn-sm")] class: &'static str,
    #[prop(optional)] to: PhantomData<F>,
) -> impl IntoView
where
    F: ServerFn<Output = SeeOther, Error = Refusal> + Send + Sync + 'static,
{
    // Only its type matters.
    let PhantomData = to;
    let fields: Vec<_> = fields
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
        .collect();
    view! {
        <Form<F>>
            {fields}
            <button type="submit" class=class>{label}<span class="vh">{which}</span></button>
        </Form<F>>
    }
}
