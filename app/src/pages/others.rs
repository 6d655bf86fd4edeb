//! The ways in besides the mail: the providers of identity.

use crate::{
    components::Notice,
    web::{Cx, with_query},
};
use innkeeper_domain::identity::Reason;
use innkeeper_service::identity::Provider;
use leptos::prelude::*;

/// The ways in besides the mail, and how the last one of them ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Others {
    /// Label and address of each provider, the one used last first.
    pub(crate) ways: Vec<(String, String)>,
    /// Which one vouched for nobody, and why.
    pub(crate) refused: Option<(String, Reason)>,
}

impl Others {
    /// The providers, which lead to this page; for somebody signed in, who has to show that it is still them.
    pub(crate) fn of(cx: &Cx, return_to: &str, signed_in: bool) -> Self {
        let mut providers: Vec<&Provider> = cx.service.providers.all().iter().collect();
        // The order stays among the others.
        providers.sort_by_key(|provider| Some(provider.id.as_str()) != cx.way.as_deref());
        let way = |provider: &Provider| {
            let to = with_query(&format!("/sign-in/{}", provider.id), "return", return_to);
            (provider.label.clone(), if signed_in { with_query(&to, "for", "fresh") } else { to })
        };
        let asked = cx.asked("provider");
        let label =
            providers.iter().find(|provider| provider.id.as_str() == asked).map(|one| one.label.clone());
        Self {
            ways: providers.into_iter().map(way).collect(),
            refused: label.zip(Reason::parse(&cx.asked("reason"))),
        }
    }
}

/// Which provider vouched for nobody, and why.
#[component]
pub(crate) fn Refused(refused: Option<(String, Reason)>) -> impl IntoView {
    refused.map(|(label, reason)| {
        view! {
            <Notice tone="bad" icon="circle-alert" title=format!("{label} did not let you in")>
                <p>{reason.words()}</p>
                <p class="small">{format!("Code: {}", reason.code())}</p>
            </Notice>
        }
    })
}

/// A link to each, and what parts them from the mail.
#[component]
pub(crate) fn Ways(ways: Vec<(String, String)>) -> impl IntoView {
    (!ways.is_empty()).then(|| {
        let links = ways.into_iter().map(|(label, to)| {
            view! { <a class="btn block" href=to>{format!("Continue with {label}")}</a> }
        });
        view! {
            <div class="stack close">{links.collect_view()}</div>
            <p class="or">"or by e-mail"</p>
        }
    })
}
