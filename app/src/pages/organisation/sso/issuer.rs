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
    conclude(&form.organisation, &form, ended, "Saved. Run a test sign-in below before you use it.").await
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
    conclude(&form.organisation, &form, ended, "Removed. Everybody who signed in with it is signed out.")
        .await
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
                <p class="label">"Redirect URI: register exactly this at your identity provider"</p>
                <CopySecret id="callback" text=callback label="Copy the callback"/>
            </div>
        }
    });
    let start = view.callback.clone().filter(|_| there.is_some()).map(|callback| {
        let start = callback.trim_end_matches("/callback").to_owned();
        view! {
            <div class="field">
                <p class="label">"Sign-in link for your people: share it, or add it to your application portal"</p>
                <CopySecret id="start" text=start label="Copy the sign-in link"/>
            </div>
        }
    });
    let own = slug.clone();
    let remove = (there.is_some() && fresh).then(move || {
        view! {
            <div class="card-foot">
                <Act<RemoveIssuer> fields=vec![("organisation", own)] label="Remove SSO"/>
                <p class="small dim">"Everybody who signed in with it is signed out immediately, and all sign-in methods are allowed again, unless the one you signed in with is among those allowed."</p>
            </div>
        }
    });
    view! {
        <section class="card" aria-labelledby="own">
            <div class="card-head"><h2 id="own">"Identity provider"</h2></div>
            <Form<SaveIssuer> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body stack">
                    <Choice name="kind" form=SaveIssuer::PATH legend="Provider type" mistake=mistakes.of("kind")>{kinds}</Choice>
                    <Field
                        name="label" form=SaveIssuer::PATH label="Button label" autocomplete="off" hint="For example Acme SSO."
                        value=values.label mistake=mistakes.of("label")
                    />
                    <Field
                        name="issuer" form=SaveIssuer::PATH label="Issuer URL" class="input mono" autocomplete="off"
                        hint="On the public internet. For Entra the directory ID is enough."
                        value=values.issuer mistake=mistakes.of("issuer")
                    />
                    <Field
                        name="client_id" form=SaveIssuer::PATH label="Client ID" class="input mono" autocomplete="off"
                        value=values.client_id mistake=mistakes.of("client_id")
                    />
                    <Field
                        name="client_secret" form=SaveIssuer::PATH label="Client secret" kind="password" class="input mono" autocomplete="off"
                        hint=if secret { "A secret is saved. Leave this empty to keep it; a different issuer or client needs its own." } else { "Stored encrypted, and never shown again." }
                        mistake=mistakes.of("client_secret")
                    />
                    <Area
                        name="trusted_audiences" form=SaveIssuer::PATH label="Additional trusted audiences (one per line)"
                        hint="Usually empty. List other values of the ID token's aud besides the client ID, for example the project ID at Zitadel. Add only audiences you trust with your people's tokens."
                        value=values.trusted_audiences mistake=mistakes.of("trusted_audiences")
                    />
                    <Field
                        name="groups_claim" form=SaveIssuer::PATH label="Groups claim" class="input mono" autocomplete="off"
                        hint="Default: groups, which most issuers use."
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
