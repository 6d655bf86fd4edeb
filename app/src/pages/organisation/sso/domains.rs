//! The mail domains for which the organisation speaks.

use super::change::{AboutForm, Act, conclude};
use crate::{
    components::{CopySecret, Icon, words},
    web::{Cx, Field, Filled, Form, Refusal, SeeOther, needs},
};
use innkeeper_service::organisations::{self, DomainLine, IdentityView};
use leptos::{prelude::*, server_fn::ServerFn as _};
use serde::{Deserialize, Serialize};

/// What is typed of a domain.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DomainForm {
    /// The organisation's slug.
    pub organisation: String,
    /// The domain.
    pub domain: String,
}

/// Takes down a domain.
#[server(prefix = "/do", endpoint = "add-domain")]
pub async fn add_domain(
    /// What was sent.
    #[server(flatten)]
    form: DomainForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = organisations::add_domain(&cx.service, &cx.requester, &form.organisation, &form.domain).await;
    conclude(&form.organisation, &form, ended, "Domain added. Add the TXT record, then select Verify.").await
}

needs!(AddDomain, SsoChange);

/// Looks into DNS.
#[server(prefix = "/do", endpoint = "check-domain")]
pub async fn check_domain(
    /// What was sent.
    #[server(flatten)]
    form: DomainForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let found =
        organisations::check_domain(&cx.service, &cx.requester, &form.organisation, &form.domain).await;
    let line = match found {
        Ok(false) => "The TXT record was not found yet. DNS changes can take a few minutes.",
        _ => "Domain verified.",
    };
    conclude(&form.organisation, &form, found.map(drop), line).await
}

needs!(CheckDomain, SsoChange);

/// Asks staff to decide.
#[server(prefix = "/do", endpoint = "ask-domain")]
pub async fn ask_domain(
    /// What was sent.
    #[server(flatten)]
    form: AboutForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended = organisations::ask_staff(&cx.service, &cx.requester, &form.organisation, &form.what).await;
    conclude(&form.organisation, &form, ended, "Manual verification requested. The result is shown here.")
        .await
}

needs!(AskDomain, SsoChange);

/// Takes a domain away.
#[server(prefix = "/do", endpoint = "remove-domain")]
pub async fn remove_domain(
    /// What was sent.
    #[server(flatten)]
    form: DomainForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let ended =
        organisations::remove_domain(&cx.service, &cx.requester, &form.organisation, &form.domain).await;
    conclude(&form.organisation, &form, ended, "Removed.").await
}

needs!(RemoveDomain, SsoChange);

/// The card.
#[component]
pub(super) fn Domains(view: IdentityView, form: Filled<DomainForm>, fresh: bool) -> impl IntoView {
    let slug = view.organisation.slug.to_string();
    let Filled { id, values, mistakes, .. } = form;
    let lines = view.domains.into_iter().enumerate();
    let rows: Vec<_> = lines.map(|(at, line)| view! { <Line at line slug=slug.clone() fresh/> }).collect();
    let rows = (!rows.is_empty()).then(|| view! { <ul class="rows" role="list">{rows}</ul> });
    view! {
        <section class="card" aria-labelledby="domains">
            <div class="card-head"><h2 id="domains">"E-mail domains"</h2></div>
            <p class="card-body small dim">
                "Your single sign-on is trusted only for e-mail addresses of verified domains."
            </p>
            {rows}
            <Form<AddDomain> id>
                <input type="hidden" name="organisation" value=slug/>
                <div class="card-body">
                    <Field
                        name="domain" form=AddDomain::PATH label="Domain" class="input mono" autocomplete="off"
                        hint="The part after the @ of your e-mail addresses, for example acme.example."
                        value=values.domain mistake=mistakes.of("domain")
                    />
                </div>
                <div class="card-foot">
                    <button type="submit" class="btn" disabled=!fresh><Icon name="plus"/>"Add domain"</button>
                </div>
            </Form<AddDomain>>
        </section>
    }
}

#[component]
fn Line(at: usize, line: DomainLine, slug: String, fresh: bool) -> impl IntoView {
    let domain = line.domain.to_string();
    let proven = line.proven_at;
    let stands = match (proven, line.staff_asked_at) {
        (Some(at), _) => {
            format!("Verified by {} on {}.", if line.by_dns { "DNS" } else { "staff" }, words::day(at))
        }
        (None, Some(at)) => format!("Manual verification requested on {}.", words::day(at)),
        (None, None) => "Unverified.".into(),
    };
    let record = proven.is_none().then(|| {
        view! {
            <p>"Publish a TXT record at " <span class="mono">{line.domain.record()}</span> " that says"</p>
            <CopySecret id=format!("proof-{at}") text=line.proof.clone() label=format!("Copy the record of {domain}")/>
        }
    });
    let which = format!(" {domain}");
    let about = |field| vec![("organisation", slug.clone()), (field, domain.clone())];
    let check = proven.is_none().then(|| {
        view! { <Act<CheckDomain> fields=about("domain") label="Verify" which=which.clone()/> }
    });
    let ask = (proven.is_none() && line.staff_asked_at.is_none()).then(|| {
        view! { <Act<AskDomain> fields=about("what") label="Request manual verification" which=which.clone() class="btn btn-quiet btn-sm"/> }
    });
    let remove = view! {
        <Act<RemoveDomain> fields=about("domain") label="Remove" which=which class="btn btn-quiet btn-sm"/>
    };
    let acts = fresh.then(|| view! { <div class="row">{check}{ask}{remove}</div> });
    let (tone, word) = if proven.is_some() { ("badge ok", "Verified") } else { ("badge warn", "Unverified") };
    view! {
        <li>
            <p class="name mono">{domain}</p>
            <div class="stack close"><p>{stands}</p>{record}</div>
            <span class=tone>{word}</span>
            <div>{acts}</div>
        </li>
    }
}
