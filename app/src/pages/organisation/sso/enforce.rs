//! Closing the ways that are not the organisation's own.

use super::change::{AboutForm, Act, conclude};
use crate::{
    components::{Icon, Notice, words},
    web::{About, Cx, Filled, Form, Issue, Refusal, SeeOther, described_by, id_of, needs},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::organisations::{self, IdentityView, OpenWay};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// Which ways stay open.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EnforceForm {
    /// The organisation's slug.
    pub organisation: String,
    /// Short names of ways.
    pub open: Vec<String>,
}

const DONE: &str = "Only the selected sign-in methods are allowed now.";

/// Closes all other ways.
#[server(prefix = "/do", endpoint = "enforce-sign-in")]
pub async fn enforce_sign_in(
    /// What was sent.
    #[server(flatten)]
    form: EnforceForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = organisations::enforce(&cx.service, &cx.requester, &form.organisation, &form.open).await;
    match ended {
        // The way this browser came by may be closed now: the list of databases says which one opens them.
        Ok(()) if cx.requester.account.as_ref().is_some_and(|person| !form.open.contains(&person.way)) => {
            cx.say(DONE).await?;
            crate::web::see_other(Page::Tenants)
        }
        ended => conclude(&form.organisation, &form, ended, DONE).await,
    }
}

needs!(EnforceSignIn, SsoChange);

/// Opens all ways again.
#[server(prefix = "/do", endpoint = "release-sign-in")]
pub async fn release_sign_in(
    /// What was sent.
    #[server(flatten)]
    form: AboutForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = organisations::relax(&cx.service, &cx.requester, &form.organisation).await.map(drop);
    conclude(&form.organisation, &form, ended, "All sign-in methods are allowed again.").await
}

needs!(ReleaseSignIn, SsoRelax);

/// The card.
#[component]
pub(super) fn Enforcing(view: IdentityView, form: Filled<EnforceForm>, fresh: bool) -> impl IntoView {
    let slug = view.organisation.slug.to_string();
    let Filled { id, values, mistakes, again } = form;
    let chosen = again.then_some(values.open);
    let mistake = Issue::from(mistakes.of("open"));
    let first = id_of(EnforceSignIn::PATH, "open");
    let described = described_by(&first, false, mistake.0.is_some());
    let way = |(at, OpenWay { id, label, open }): (usize, OpenWay)| {
        let checked = chosen.as_ref().map_or(open, |chosen| chosen.contains(&id));
        view! {
            <label class="check">
                <input type="checkbox" name="open[]" value=id id=(at == 0).then(|| first.clone()) checked=checked/>
                <span>{label}</span>
            </label>
        }
    };
    let ways: Vec<_> = view.ways.into_iter().enumerate().map(way).collect();
    let about = first.clone();
    // An organisation that has no identity provider limits its people to some of the portal's own methods.
    let (stands, who, press) = if view.issuer.is_some() {
        ("SSO has been required since", "with SSO or a method selected below", "Require SSO")
    } else {
        (
            "Sign-in methods have been restricted since",
            "with a method selected below",
            "Allow only these methods",
        )
    };
    let enforced = view.enforced_at.map(|since| {
        view! {
            <div class="card-body">
                <Notice tone="ok" icon="shield-check" title=format!("{stands} {}", words::day(since))>
                    <p>{format!("Only people who signed in {who} can access your databases.")}</p>
                </Notice>
            </div>
        }
    });
    let own = slug.clone();
    let release = (view.enforced_at.is_some() && fresh).then(move || {
        view! {
            <div class="card-foot">
                <Act<ReleaseSignIn> fields=vec![("organisation", own)] label="Allow all sign-in methods"/>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="only">
            <div class="card-head"><h2 id="only">"Enforce SSO"</h2></div>
            {enforced}
            <Form<EnforceSignIn> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body stack">
                    <p class="small dim">
                        "Members can access your organisation's databases only with SSO and the methods selected below, effective immediately. Their other organisations are not affected. With your own identity provider, this needs a verified domain, a successful test sign-in in the last 24 hours with the role Admin, and SSO among your own sign-in methods; without one, the method you signed in with must stay allowed."
                    </p>
                    <fieldset class="checks" aria-describedby=described>
                        <legend>"Also allow"</legend>
                        <About id=about issue=mistake/>
                        {ways}
                    </fieldset>
                </div>
                <div class="card-foot">
                    <button type="submit" class="btn" disabled=!fresh><Icon name="lock-keyhole"/>{press}</button>
                </div>
            </Form<EnforceSignIn>>
            {release}
        </section>
    }
}
