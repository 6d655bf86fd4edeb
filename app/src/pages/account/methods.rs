//! The ways in: what there is, one more, one less.

use super::passkey::BeginAddPasskey;
use crate::{
    components::{Icon, words},
    web::{Cx, Field, Filled, Form, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::{identity::ProviderId, routes::Page};
use innkeeper_service::sign_in::{
    account::{self, Way},
    email, passkey,
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which way in is meant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WayForm {
    /// Its id.
    pub way: String,
}

/// Takes a way in away, and every session that came by it.
#[server(prefix = "/do", endpoint = "remove-way")]
pub async fn remove_method(
    /// What was sent.
    #[server(flatten)]
    form: WayForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let way = form.way.parse().map_err(|_| Refusal::NotFound)?;
    match account::remove(&cx.service, &cx.requester, way).await {
        Ok(()) => {
            cx.say("The sign-in method was removed, and its sessions are signed out.").await?;
            see_other(Page::Account)
        }
        Err(error) => Err(refused(&Page::Account.to_string(), &form, error)),
    }
}

needs!(RemoveMethod, AccountChange);

/// What is typed to add a mailbox.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MailboxForm {
    /// The address the mail goes to.
    pub email: String,
}

/// Sends the mail by which a mailbox becomes one more way in.
#[server(prefix = "/do", endpoint = "add-mailbox")]
pub async fn add_mailbox(
    /// What was sent.
    #[server(flatten)]
    form: MailboxForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    match email::ask_to_link(&cx.service, &cx.requester, &form.email).await {
        Ok(()) => see_other(Page::Verify),
        Err(error) => Err(refused(&Page::Account.to_string(), &form, error)),
    }
}

needs!(AddMailbox, AccountChange);

/// One more mailbox.
#[component]
fn AddMailboxForm(
    /// Whether the sign-in is recent enough.
    fresh: bool,
    /// What was typed, and what is wrong with it.
    form: Filled<MailboxForm>,
) -> impl IntoView {
    if !fresh {
        return view! {
            <a class="btn btn-sm" href=Page::SignIn.with("return", Page::Account).to_string()>"Sign in again to add an e-mail address"</a>
        }
        .into_any();
    }
    let Filled { id, values, mistakes, .. } = form;
    view! {
        <Form<AddMailbox> id class="stack">
            <Field
                name="email" label="Add an e-mail address" kind="email" autocomplete="email" inputmode="email"
                hint="We send it a link and a code. Use one of them in this browser within 10 minutes."
                value=values.email mistake=mistakes.of("email")
            />
            <div><button type="submit" class="btn btn-sm"><Icon name="mail-plus"/>"Send verification e-mail"</button></div>
        </Form<AddMailbox>>
    }
    .into_any()
}

/// The card.
#[component]
pub(super) fn Ways(
    ways: Vec<Way>,
    /// Label and address of each provider that can become one more.
    more: Vec<(String, String)>,
    /// Whether this portal has passkeys.
    passkeys: bool,
    /// Whether the sign-in is recent enough to change one.
    fresh: bool,
    /// One more mailbox, as typed.
    mailbox: Filled<MailboxForm>,
) -> impl IntoView {
    let own = ways.iter().filter(|way| way.provider == ProviderId::PASSKEY).count();
    let passkey = (passkeys && own < passkey::MOST).then(|| {
        view! {
            <Form<BeginAddPasskey>>
                <button type="submit" class="btn btn-sm"><Icon name="key-round"/>"Add a passkey"</button>
            </Form<BeginAddPasskey>>
        }
    });
    let rows: Vec<_> = ways.into_iter().map(|way| view! { <Line way fresh/> }).collect();
    let more = (passkey.is_some() || !more.is_empty()).then(|| {
        let links = more.into_iter().map(|(label, to)| {
            view! { <a class="btn btn-sm" href=to><Icon name="plus"/>{format!("Add {label}")}</a> }
        });
        view! { <div class="card-foot row">{passkey}{links.collect_view()}</div> }
    });
    view! {
        <section class="card" aria-labelledby="ways">
            <div class="card-head"><h2 id="ways">"Sign-in methods"</h2></div>
            <ul class="rows" role="list">{rows}</ul>
            <div class="card-body"><AddMailboxForm fresh form=mailbox/></div>
            {more}
        </section>
    }
}

#[component]
fn Line(way: Way, fresh: bool) -> impl IntoView {
    let title = way.label.clone().unwrap_or_else(|| match way.provider.as_str() {
        ProviderId::MAIL => "E-mail".to_owned(),
        ProviderId::PASSKEY => "Passkey".to_owned(),
        own if own.starts_with(ProviderId::OWN) => "Single sign-on (no longer available)".to_owned(),
        other => format!("{other} (no longer available)"),
    });
    let which = format!(" {title}, {}", way.called);
    let act = match (way.only, fresh) {
        (true, _) => view! { <span class="small dim">"Cannot be removed: your only sign-in method"</span> }.into_any(),
        (false, false) => {
            view! { <a class="btn btn-sm" href=Page::SignIn.with("return", Page::Account).to_string()>"Sign in again to remove"</a> }
                .into_any()
        }
        (false, true) => view! {
            <Form<RemoveMethod>>
                <input type="hidden" name="way" value=way.id.to_string()/>
                <button type="submit" class="btn btn-sm">"Remove"<span class="vh">{which}</span></button>
            </Form<RemoveMethod>>
        }
        .into_any(),
    };
    view! {
        <li>
            <div><p class="name">{title}</p><p>{way.called}</p></div>
            <p>{format!("Added {}. Last used {}.", words::day(way.added), words::moment(way.used))}</p>
            <span class=if way.here { "badge ok" } else { "" }>{way.here.then_some("This browser")}</span>
            {act}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{html, text_of};
    use innkeeper_domain::ids::IdentityId;
    use time::OffsetDateTime;
    use uuid::Uuid;

    #[test]
    fn a_way_is_called_what_its_person_calls_it() {
        let title = |provider: &str, label: Option<&str>| {
            let way = Way {
                id: IdentityId(Uuid::nil()),
                provider: provider.into(),
                label: label.map(Into::into),
                called: "Jane".into(),
                added: OffsetDateTime::UNIX_EPOCH,
                used: OffsetDateTime::UNIX_EPOCH,
                here: false,
                only: false,
            };
            text_of(&html(move || view! { <Line way fresh=true/> }), "class=\"name\"")
        };
        assert_eq!(title("passkey", None), "Passkey");
        assert_eq!(title("org-k3v9x2k3v9", Some("Acme SSO")), "Acme SSO");
        assert_eq!(title("org-k3v9x2k3v9", None), "Single sign-on (no longer available)");
        assert_eq!(title("gone", None), "gone (no longer available)");
    }
}
