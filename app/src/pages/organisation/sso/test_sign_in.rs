//! Testing the organisation's single sign-on.

use crate::{
    components::{Icon, Notice, words},
    pages::organisation::roles::words_of,
};
use innkeeper_domain::{identity::Reason, routes::Page};
use innkeeper_service::organisations::{IdentityView, Trial};
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn TestSignIn(view: IdentityView, ticket: String, fresh: bool) -> impl IntoView {
    let page = Page::SignInSettings((&view.organisation.slug).into()).to_string();
    let way = view.provider.clone().filter(|_| view.issuer.is_some());
    let link = |purpose: &str, provider: &str| {
        Page::Provider(provider.into())
            .with("for", purpose)
            .with("ticket", &ticket)
            .with("return", &page)
            .to_string()
    };
    let acts = way.as_deref().filter(|_| fresh).map(|provider| {
        let add = (!view.linked).then(|| {
            view! { <a class="btn" href=link("link", provider)><Icon name="plus"/>"Add SSO to your account"</a> }
        });
        view! {
            <div class="card-foot">
                <a class="btn" href=link("trial", provider)>"Test sign-in"<Icon name="arrow-right"/></a>
                {add}
            </div>
        }
    });
    let hint = if way.is_none() {
        "Set up an identity provider first."
    } else {
        "Sign in there once to see the claims received and the role you would get. Nothing is changed."
    };
    let linked = view.linked.then(|| {
        view! { <p class="card-body small"><Icon name="circle-check"/>" SSO is one of your sign-in methods."</p> }
    });
    view! {
        <section class="card" aria-labelledby="trial">
            <div class="card-head"><h2 id="trial">"Test sign-in"</h2></div>
            <p class="card-body small dim">{hint}</p>
            {linked}
            {view.trial.map(|trial| view! { <Result trial/> })}
            {acts}
        </section>
    }
}

#[component]
fn Result(trial: Trial) -> impl IntoView {
    let when = words::moment(trial.at);
    let verdict = match (trial.refused, trial.role) {
        (Some((reason, found)), _) => view! {
            <Notice tone="bad" icon="circle-alert" title=format!("{when}: you would not be able to sign in")>
                <p>{found}</p>
                <p class="small">{format!("Code: {}", reason.code())}</p>
                {(reason == Reason::Audience).then(|| view! {
                    <p class="small">"If the audience named here is yours, such as a project at Zitadel, add it to “Additional trusted audiences” above."</p>
                })}
            </Notice>
        }
        .into_any(),
        (None, Some(role)) => {
            let (label, may) = words_of(role);
            view! {
                <Notice tone="ok" icon="circle-check" title=format!("{when}: you would sign in as {label}")>
                    <p>{format!("Permissions: {may}.")}</p>
                </Notice>
            }
            .into_any()
        }
        (None, None) => ().into_any(),
    };
    let old = (!trial.current).then(|| {
        view! {
            <Notice tone="warn" icon="triangle-alert" title="Tested with other settings">
                <p>"The settings have changed since. Test again."</p>
            </Notice>
        }
    });
    let rows: Vec<_> = trial
        .said
        .into_iter()
        .map(|(name, value)| view! { <div><dt class="mono">{name}</dt><dd class="mono">{value}</dd></div> })
        .collect();
    let said = (!rows.is_empty()).then(|| {
        view! {
            <h3>"Claims received"</h3>
            <dl class="kv wide">{rows}</dl>
        }
    });
    view! { <div class="card-body stack">{old}{verdict}{said}</div> }
}
