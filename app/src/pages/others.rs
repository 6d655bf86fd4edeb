//! The ways in besides the mail: passkeys, and the providers of identity.

use crate::{
    components::Notice,
    pages::passkey::{self, PasskeyWay},
    web::Cx,
};
use innkeeper_domain::{
    identity::{ProviderId, Reason},
    routes::Page,
};
use innkeeper_service::{Error, context::providers::Provider, people::providers, sign_in::oidc};
use leptos::prelude::*;
use std::sync::Arc;

/// The ways in besides the mail, and how the last one of them ended.
#[derive(Debug, Clone, Default)]
pub(crate) struct Others {
    /// Label and address of each provider, the one used last first.
    pub(crate) ways: Vec<(String, String)>,
    /// The page to come back to from a passkey, where one is offered.
    pub(crate) passkey: Option<String>,
    /// Which one vouched for nobody, and why.
    pub(crate) refused: Option<(String, Reason)>,
}

impl Others {
    /// The providers, which lead to this page; for somebody signed in, who has to show that it is still them. An
    /// organisation's own is among them where it was used last, refused just now, or is asked for.
    pub(crate) async fn of(cx: &Cx, return_to: &str, signed_in: bool) -> Result<Self, Error> {
        let asked = cx.asked("provider");
        let mut providers: Vec<Arc<Provider>> = cx.service.providers.all().to_vec();
        for id in [Some(cx.asked("way")), cx.way.clone(), Some(asked.clone())].into_iter().flatten() {
            let own = ProviderId::parse(&id).is_ok_and(|id| id.is_own());
            if own && providers.iter().all(|known| known.id.as_str() != id) {
                match providers::named(&cx.service, &id).await {
                    Ok(provider) => providers.push(provider),
                    // Its organisation has taken it away.
                    Err(Error::NotFound | Error::NotVouched(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        // The order stays among the others.
        let first = Some(cx.asked("way")).filter(|way| !way.is_empty()).or_else(|| cx.way.clone());
        providers.sort_by_key(|provider| Some(provider.id.as_str()) != first.as_deref());
        let own = || providers.iter().find(|provider| provider.id.as_str() == asked);
        let label = label_of(cx, &asked).or_else(|| own().map(|provider| provider.label.clone()));
        let way = |provider: &Arc<Provider>| {
            let to = Page::Provider((&provider.id).into()).with("return", return_to);
            if let Some(host) = &provider.host {
                // What an organisation calls its own way is its own affair: where it leads is said beside it.
                let to = to.with("ticket", oidc::ticket(&cx.csrf(), provider.id.as_str()));
                return (format!("{} ({host})", provider.label), to.into());
            }
            (provider.label.clone(), if signed_in { to.with("for", "fresh") } else { to }.into())
        };
        Ok(Self {
            ways: providers.iter().map(way).collect(),
            passkey: None,
            refused: label.zip(Reason::parse(&cx.asked("reason"))),
        })
    }
}

/// What people call a way in that is no organisation's own, by its short name.
pub(crate) fn label_of(cx: &Cx, way: &str) -> Option<String> {
    let provider = cx.service.providers.get(way).map(|provider| provider.label.clone());
    provider.or_else(|| (way == ProviderId::PASSKEY).then(|| passkey::LABEL.to_owned()))
}

/// Which provider vouched for nobody, and why.
#[component]
pub(crate) fn Refused(refused: Option<(String, Reason)>) -> impl IntoView {
    refused.map(|(label, reason)| {
        view! {
            <Notice tone="bad" icon="circle-alert" title=format!("Sign-in failed: {label}")>
                <p>{reason.words()}</p>
                <p class="small">{format!("Code: {}", reason.code())}</p>
            </Notice>
        }
    })
}

/// A button or link to each, and what parts them from the mail.
#[component]
pub(crate) fn Ways(
    ways: Vec<(String, String)>,
    /// Where a passkey leads, if one is offered.
    passkey: Option<String>,
    /// Whether a passkey is the way to prefer.
    #[prop(optional)]
    prefer: bool,
) -> impl IntoView {
    (!ways.is_empty() || passkey.is_some()).then(|| {
        let passkey = passkey.map(|return_to| view! { <PasskeyWay return_to prefer/> });
        let links = ways.into_iter().map(|(label, to)| {
            view! { <a class="btn block" href=to>{format!("Continue with {label}")}</a> }
        });
        view! {
            <div class="stack close">{passkey}{links.collect_view()}</div>
            <p class="or">"or by e-mail"</p>
        }
    })
}
