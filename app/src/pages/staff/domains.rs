//! E-mail domains that organisations say are theirs and cannot show in DNS: staff decides.

use super::nav::{DomainsNav, StaffNav};
use crate::{
    components::{Icon, Notice, words},
    pages::load,
    web::{Cx, Filled, Form, PageTitle, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::{routes::Page, staff::StaffRole};
use innkeeper_service::{
    Error,
    organisations::{self, Waiting},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// This page.
const PAGE: Page = Page::StaffDomains;

/// What staff decides.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DecideForm {
    /// The organisation's id.
    pub organisation: String,
    /// The domain.
    pub domain: String,
    /// `yes` if it is theirs.
    pub theirs: String,
}

/// Decides whether a domain is an organisation's.
#[server(prefix = "/do", endpoint = "decide-domain")]
pub async fn decide_domain(
    /// What was sent.
    #[server(flatten)]
    form: DecideForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let organisation = form.organisation.parse().map_err(|_| Refusal::NotFound)?;
    let theirs = form.theirs == "yes";
    let line =
        match organisations::decide(&cx.service, &cx.requester, organisation, &form.domain, theirs).await {
            Ok(()) if theirs => format!("{} approved.", form.domain),
            Ok(()) => format!("{} was declined.", form.domain),
            Err(Error::Conflict) => "This was already decided, or is no longer requested.".into(),
            Err(error) => return Err(refused(&PAGE.to_string(), &form, error)),
        };
    cx.say(&line).await?;
    see_other(PAGE)
}

needs!(DecideDomain, DomainDecide);

/// The page.
#[component]
pub fn StaffDomainsPage() -> impl IntoView {
    let cx = Cx::get();
    let form: Filled<DecideForm> = cx.form::<DecideDomain, _>();
    let mistake = form.mistakes.of("domain").map(str::to_owned);
    let person = cx.requester.account.clone();
    let fresh = person.as_ref().is_some_and(|person| person.fresh);
    let may = person.and_then(|person| person.staff).is_some_and(|role| role >= StaffRole::Approver);
    load(async move { organisations::waiting(&cx.service, &cx.requester).await }, move |(waiting, total)| {
        domains_view(waiting, total, may, fresh, mistake)
    })
}

pub(crate) fn domains_view(
    waiting: Vec<Waiting>,
    total: i64,
    may: bool,
    fresh: bool,
    mistake: Option<String>,
) -> AnyView {
    let mistake_notice = mistake.clone().map(|mistake| {
        view! { <Notice tone="bad" icon="circle-alert" title="No decision was made"><p>{mistake}</p></Notice> }
    });
    let stale = (may && !fresh && total > 0).then(|| {
        let again = Page::SignIn.with("return", PAGE);
        view! {
            <Notice icon="lock-keyhole" title="Read-only">
                <p>"You can decide on domains only within 5 minutes of signing in. Your sign-in is older."</p>
                <p><a class="btn btn-sm" href=again.to_string()>"Sign in again to decide"</a></p>
            </Notice>
        }
    });
    let count =
        words::count(usize::try_from(total).unwrap_or_default(), "pending request", "pending requests");
    let more = usize::try_from(total).unwrap_or_default() > waiting.len();
    let rows: Vec<_> = waiting.into_iter().map(|line| view! { <Line line act=may && fresh/> }).collect();
    let body = if rows.is_empty() {
        view! {
            <div class="card empty">
                <Icon name="circle-check"/>
                <h2>"No pending requests"</h2>
                <p>"Domains that organisations cannot verify in DNS are listed here until staff decides."</p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <section class="card" aria-label="Domains">
                <div class="card-head"><span class="small dim">{count}</span></div>
                <ul class="rows" role="list">{rows}</ul>
                {more.then(|| view! {
                    <p class="card-foot small dim">"These have waited longest. More follow once some of them are decided."</p>
                })}
            </section>
        }
        .into_any()
    };
    view! {
        <PageTitle text="E-mail domains" error=mistake.is_some()/>
        <div class="page-head">
            <h1>"E-mail domains"</h1>
            <p>"An organisation's SSO is trusted for the e-mail addresses of its domains. Check with someone at the domain before you approve."</p>
        </div>
        <StaffNav current=PAGE/>
        <div class="stack"><DomainsNav current=PAGE/>{mistake_notice}{stale}{body}</div>
    }
    .into_any()
}

#[component]
fn Line(line: Waiting, act: bool) -> impl IntoView {
    let Waiting { organisation, name, domain, asked_at, admins } = line;
    let (shown, which) = (domain.to_string(), format!(" {domain} of {name}"));
    let button = |theirs: &'static str, label: &'static str, class: &'static str| {
        let (organisation, domain, which) = (organisation.to_string(), shown.clone(), which.clone());
        view! {
            <Form<DecideDomain>>
                <input type="hidden" name="organisation" value=organisation/>
                <input type="hidden" name="domain" value=domain/>
                <input type="hidden" name="theirs" value=theirs/>
                <button type="submit" class=class>{label}<span class="vh">{which}</span></button>
            </Form<DecideDomain>>
        }
    };
    let acts = act.then(|| {
        view! {
            <div class="row">
                {button("yes", "Approve", "btn btn-sm")}
                {button("no", "Decline", "btn btn-quiet btn-sm")}
            </div>
        }
    });
    view! {
        <li>
            <div><p class="name mono">{shown.clone()}</p><p>{name}</p></div>
            <p>{format!("Requested on {} by {}.", words::moment(asked_at), admins.join(", "))}</p>
            <span></span>
            <div>{acts}</div>
        </li>
    }
}
