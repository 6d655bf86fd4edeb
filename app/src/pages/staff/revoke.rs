//! Taking a proven mail domain back from an organisation: asked for on a page of its own that says what will happen.

use crate::{
    components::words,
    pages::{
        load, nothing, part,
        tenant::confirm::{Press, preview},
    },
    web::{
        Cx, ErrorSummary, Field, Filled, Form, Issue, PageEnd, PageTitle, Refusal, SeeOther, needs, refused,
        see_other,
    },
};
use innkeeper_domain::{ids::OrganisationId, organisation::MailDomain, routes::Page};
use innkeeper_service::{
    Error,
    organisations::{self, TakingBack},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What is taken back, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RevokeForm {
    /// The organisation's id.
    pub organisation: String,
    /// The domain.
    pub domain: String,
    /// Why, for the organisation's admins.
    pub reason: String,
}

/// Takes a proven domain back.
#[server(prefix = "/do", endpoint = "take-back-domain")]
pub async fn take_back_domain(
    /// What was sent.
    #[server(flatten)]
    form: RevokeForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let organisation: OrganisationId = form.organisation.parse().map_err(|_| Refusal::NotFound)?;
    let domain = &MailDomain::parse(&form.domain).map_err(|_| Refusal::NotFound)?;
    let taken =
        organisations::take_back(&cx.service, &cx.requester, organisation, domain, &form.reason).await;
    let line = match taken {
        Ok(()) => format!("{domain} was revoked. The organisation's admins are notified by e-mail."),
        Err(Error::Conflict) => {
            format!("{domain} no longer belongs to that organisation. Nothing was changed.")
        }
        Err(error) => return Err(refused(&here(organisation, domain).to_string(), &form, error)),
    };
    cx.say(&line).await?;
    see_other(Page::VerifiedDomains)
}

needs!(TakeBackDomain, DomainDecide);

/// Where it is asked. Paths to come back to have no dots, and domains no underscores.
pub(super) fn here(organisation: OrganisationId, domain: &MailDomain) -> Page {
    Page::RevokeDomain(organisation.into(), domain.as_str().replace('.', "_").into())
}

/// The page.
#[component]
pub fn RevokeDomainPage() -> impl IntoView {
    let cx = Cx::get();
    let asked = (part("organisation").parse(), MailDomain::parse(&part("domain").replace('_', ".")));
    let (Ok(organisation), Ok(domain)) = asked else { return nothing(&cx, PageEnd::NotFound) };
    let form: Filled<RevokeForm> = cx.form::<TakeBackDomain, _>();
    let fresh = cx.requester.account.as_ref().is_some_and(|person| person.fresh);
    load(
        async move { organisations::taking_back(&cx.service, &cx.requester, organisation, &domain).await },
        move |asked| revoke_view(asked, form, fresh),
    )
}

pub(crate) fn revoke_view(asked: TakingBack, form: Filled<RevokeForm>, fresh: bool) -> AnyView {
    let Filled { id, values, mistakes, .. } = form;
    let (organisation, domain) = (asked.proven.organisation, asked.proven.domain.clone());
    let title = format!("Revoke {domain}");
    let mistake = Issue::from(mistakes.of("reason"));
    let reason = fresh.then(|| {
        view! {
            <div class="card-body">
                <Field
                    name="reason" label="Reason" autocomplete="off" value=values.reason mistake
                    hint="Sent to the organisation's admins and recorded in the audit log."
                />
            </div>
        }
    });
    view! {
        <PageTitle text=title.clone() error=!mistakes.is_empty()/>
        <div class="narrow stack">
            <ErrorSummary mistakes fields=&["reason"]/>
            <div class="page-head flush">
                <h1>{title}</h1>
                <p>{format!("{} will no longer be trusted for e-mail addresses of this domain.", asked.proven.name)}</p>
            </div>
            <Form<TakeBackDomain> id class="card">
                <input type="hidden" name="organisation" value=organisation.to_string()/>
                <input type="hidden" name="domain" value=domain.to_string()/>
                {consequences(asked)}
                {reason}
                <Press
                    label="Revoke domain" icon="triangle-alert" class="btn btn-primary btn-danger" fresh
                    here=here(organisation, &domain) back=Page::VerifiedDomains
                />
            </Form<TakeBackDomain>>
        </div>
    }
    .into_any()
}

/// What will happen, to whom, and whether it can be undone.
fn consequences(asked: TakingBack) -> AnyView {
    let TakingBack { proven, admins, people, others, closed_since } = asked;
    let how = if proven.by_dns { "Verified (DNS)" } else { "Approved by staff" };
    let people = match usize::try_from(people).unwrap_or_default() {
        0 => "Nobody".to_owned(),
        1 => "Nobody. One person signed in with an address of it, and still can".to_owned(),
        some => format!("Nobody. {some} people signed in with an address of it, and still can"),
    };
    let others = match usize::try_from(others).unwrap_or_default() {
        0 => "None: nobody new can sign in with its SSO".to_owned(),
        some => words::count(some, "domain", "domains"),
    };
    let ways = match closed_since {
        Some(at) => format!(
            "Blocked since {}, and stay blocked: members who signed in with SSO still can",
            words::moment(at)
        ),
        None => "All allowed, and stay allowed".to_owned(),
    };
    preview(vec![
        ("Domain", view! { <span class="mono">{proven.domain.to_string()}</span> }.into_any()),
        ("Organisation", proven.name.into_any()),
        ("Verified", format!("{how} on {}", words::moment(proven.proven_at)).into_any()),
        ("Its other verified domains", others.into_any()),
        ("New people", "Can no longer sign in with an address of this domain".into_any()),
        ("Signed out", people.into_any()),
        ("Other sign-in methods", ways.into_any()),
        ("Notified by e-mail", format!("Its admins ({})", admins.join(", ")).into_any()),
        (
            "Can this be undone?",
            "Yes, by the organisation: with a new TXT record, or a new request".into_any(),
        ),
    ])
}
