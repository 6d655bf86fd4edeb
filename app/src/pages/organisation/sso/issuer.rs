//! The organisation's own issuer.

use super::change::{AboutForm, Act, conclude};
use crate::{
    components::{CopySecret, Icon},
    web::{Area, Choice, Cx, Field, Filled, Form, Refusal, Secret, SeeOther, id_of, needs},
};
use innkeeper_domain::identity::ProviderKind;
use innkeeper_service::organisations::{self, IdentityView, IssuerForm, IssuerView};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// What is typed of an issuer.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IssuerFields {
    /// The organisation's slug.
    pub organisation: String,
    /// What speaks there.
    pub kind: String,
    /// What people call it.
    pub label: String,
    /// Its address.
    pub issuer: String,
    /// The portal's name there.
    pub client_id: String,
    /// The portal's secret there.
    pub client_secret: Secret,
    /// Whom its tokens may be for besides the portal.
    pub trusted_audiences: String,
    /// The claim with the groups.
    pub groups_claim: String,
}

/// Takes down the organisation's issuer.
#[server(prefix = "/do", endpoint = "save-issuer")]
pub async fn save_issuer(
    /// What was sent.
    #[server(flatten)]
    form: IssuerFields,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let typed = form.clone();
    let issuer = IssuerForm {
        kind: typed.kind,
        label: typed.label,
        issuer: typed.issuer,
        client_id: typed.client_id,
        client_secret: typed.client_secret.0,
        trusted_audiences: typed.trusted_audiences,
        groups_claim: typed.groups_claim,
    };
    let ended = organisations::save_issuer(&cx.service, &cx.requester, &form.organisation, &issuer).await;
    conclude(&form.organisation, &form, ended, "Saved. Nobody comes in by it yet: try it first, below.").await
}

needs!(SaveIssuer, SsoChange);

/// Takes the organisation's issuer away.
#[server(prefix = "/do", endpoint = "remove-issuer")]
pub async fn remove_issuer(
    /// What was sent.
    #[server(flatten)]
    form: AboutForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = organisations::remove_issuer(&cx.service, &cx.requester, &form.organisation).await;
    conclude(&form.organisation, &form, ended, "Removed. Everybody who came by it is signed out.").await
}

needs!(RemoveIssuer, SsoChange);

/// The kinds, with what the address is for each.
const KINDS: [(ProviderKind, &str, &str); 3] = [
    (ProviderKind::Oidc, "OpenID Connect", "Any issuer: Keycloak, Okta, Google and others"),
    (ProviderKind::Authentik, "Authentik", "https://<host>/application/o/<slug>/, with the slash"),
    (ProviderKind::Entra, "Microsoft Entra", "The directory (tenant) ID, or its issuer"),
];

/// The card.
#[component]
pub(super) fn Issuer(view: IdentityView, form: Filled<IssuerFields>, fresh: bool) -> impl IntoView {
    let slug = view.organisation.slug.to_string();
    let Filled { id, mut values, mistakes, again } = form;
    let there = view.issuer.clone();
    if let (Some(issuer), false) = (&there, again) {
        let IssuerView { kind, label, issuer, client_id, trusted_audiences, groups_claim, .. } =
            issuer.clone();
        values = IssuerFields {
            kind: kind.as_str().into(),
            label,
            issuer,
            client_id,
            trusted_audiences: trusted_audiences.join("\n"),
            groups_claim,
            ..IssuerFields::default()
        };
    }
    let kind = |(at, (kind, label, hint)): (usize, (ProviderKind, &'static str, &'static str))| {
        let checked = values.kind == kind.as_str() || (values.kind.is_empty() && at == 0);
        view! {
            <label class="choice">
                <input type="radio" name="kind" value=kind.as_str() id=(at == 0).then(|| id_of(SaveIssuer::PATH, "kind")) checked=checked/>
                <strong>{label}</strong>
                <span class="hint">{hint}</span>
            </label>
        }
    };
    let kinds: Vec<_> = KINDS.into_iter().enumerate().map(kind).collect();
    let secret = there.as_ref().is_some_and(|issuer| issuer.secret);
    let callback = view.callback.clone().map(|callback| {
        view! {
            <div class="field">
                <p class="label">"Callback (redirect URI), to be registered there to the letter"</p>
                <CopySecret id="callback" text=callback label="Copy the callback"/>
            </div>
        }
    });
    let start = view.callback.clone().filter(|_| there.is_some()).map(|callback| {
        let start = callback.trim_end_matches("/callback").to_owned();
        view! {
            <div class="field">
                <p class="label">"Where your people start: give them this link, or put it into your portal of applications"</p>
                <CopySecret id="start" text=start label="Copy the link for your people"/>
            </div>
        }
    });
    let own = slug.clone();
    let remove = (there.is_some() && fresh).then(move || {
        view! {
            <div class="card-foot">
                <Act<RemoveIssuer> fields=vec![("organisation", own)] label="Remove this sign-in"/>
                <p class="small dim">"Everybody who came by it is signed out at once, and all other ways open again."</p>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="own">
            <div class="card-head"><h2 id="own">"A sign-in of your own"</h2></div>
            <Form<SaveIssuer> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body stack">
                    <Choice name="kind" form=SaveIssuer::PATH legend="What speaks there" mistake=mistakes.of("kind")>{kinds}</Choice>
                    <Field
                        name="label" form=SaveIssuer::PATH label="What your people call it" autocomplete="off" hint="Such as Acme SSO."
                        value=values.label mistake=mistakes.of("label")
                    />
                    <Field
                        name="issuer" form=SaveIssuer::PATH label="Issuer" class="input mono" autocomplete="off"
                        hint="The address it calls itself, on the public internet. For Entra the directory ID is enough."
                        value=values.issuer mistake=mistakes.of("issuer")
                    />
                    <Field
                        name="client_id" form=SaveIssuer::PATH label="Client ID" class="input mono" autocomplete="off"
                        value=values.client_id mistake=mistakes.of("client_id")
                    />
                    <Field
                        name="client_secret" form=SaveIssuer::PATH label="Client secret" kind="password" class="input mono" autocomplete="off"
                        hint=if secret { "There is one. Leave this empty to keep it; another issuer or client needs its own." } else { "Kept sealed, and never shown again." }
                        mistake=mistakes.of("client_secret")
                    />
                    <Area
                        name="trusted_audiences" form=SaveIssuer::PATH label="Additional trusted audiences (one per line)"
                        hint="Usually empty. List what else the ID token's aud holds besides the client ID, such as the project ID at Zitadel. Add only what you trust to handle your people's tokens."
                        value=values.trusted_audiences mistake=mistakes.of("trusted_audiences")
                    />
                    <Field
                        name="groups_claim" form=SaveIssuer::PATH label="Claim with the groups" class="input mono" autocomplete="off"
                        hint="Empty for groups, which most issuers use."
                        value=values.groups_claim mistake=mistakes.of("groups_claim")
                    />
                    {callback}
                    {start}
                </div>
                <div class="card-foot">
                    <button type="submit" class=if fresh { "btn btn-primary" } else { "btn" } disabled=!fresh><Icon name="check"/>"Save"</button>
                </div>
            </Form<SaveIssuer>>
            {remove}
        </section>
    }
}
