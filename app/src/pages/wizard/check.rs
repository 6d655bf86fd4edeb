//! Step 3: everything once more, then the press that makes it.

use super::{Steps, database::Database};
use crate::{
    components::{Icon, Notice, words},
    pages::nothing,
    web::{Cx, Form, PageEnd, PageTitle, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::{
    Error,
    tenants::request::{self, Proposal},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which request is accepted, as the person has seen it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckForm {
    /// The request's id.
    pub request: String,
    /// Its version: another tab may have changed it since.
    pub version: String,
}

/// Accepts the request: from here on the database is made.
#[server(prefix = "/do", endpoint = "check")]
pub async fn check(
    /// What was sent.
    #[server(flatten)]
    form: CheckForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    match request::accept(&cx.service, &cx.requester, &form.request, &form.version).await {
        Ok(name) => see_other(Page::Setup((&name).into())),
        Err(Error::Conflict) => {
            cx.say("Your request was changed in another tab. This is the current version.").await?;
            see_other(Page::Review)
        }
        Err(error @ Error::Rejected(_)) => {
            let (_, draft) = request::open(&cx.service, &cx.requester).await?;
            Err(refused(&Page::Database.to_string(), &draft, error).shown_by::<Database>())
        }
        Err(error) => Err(error.into()),
    }
}

needs!(Check, RequestAccept);

/// The page of step 3.
#[component]
pub fn ReviewPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    view! {
        {Suspend::new(async move {
            match request::propose(&cx.service, &cx.requester).await {
                Ok(proposal) => check_view(proposal),
                // Nothing wished for yet, or what was wished for can no longer be had: step 2 says so.
                Err(Error::NotFound | Error::Rejected(_)) => {
                    nothing(&cx, PageEnd::Redirect(Page::Database.into()))
                }
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn check_view(proposal: Proposal) -> AnyView {
    let Proposal {
        request,
        version,
        organisation,
        database,
        plan,
        region,
        reach,
        own,
        own_admitted,
        extensions,
    } = proposal;
    let outside = (!own_admitted).then(|| {
        view! {
            <Notice tone="warn" icon="triangle-alert" title="You cannot connect from your current IP address">
                <p>
                    "Your address " <span class="mono">{own.to_string()}</span> " is not on the IP allowlist. Add it if you want to connect from here. " <a href=format!("{}#addresses", Page::Database)>"Change allowed IP addresses"</a>
                </p>
            </Notice>
        }
    });
    let full = region.full.as_ref().map(|short| {
        let why = short.to_string();
        view! { <Notice tone="warn" icon="triangle-alert" title="There may not be enough capacity"><p>{why}</p></Notice> }
    });
    let addresses: Vec<_> = words::reach_lines(&reach)
        .into_iter()
        .enumerate()
        .map(|(at, line)| view! { {(at > 0).then(|| view! { <br/> })} {line} })
        .collect();
    let limits = format!(
        "{}: {} connections, {} GB storage, {} MB work_mem",
        plan.label, plan.limits.connections, plan.limits.storage_gb, plan.limits.work_mem_mb
    );
    let extensions = match extensions.as_slice() {
        [] => "None".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    };
    view! {
        <PageTitle text="Review and create, step 3 of 3"/>
        <div class="narrow stack">
            <Steps current=3/>
            <div class="page-head flush">
                <h1>"Review and create"</h1>
                <p>"Takes less than a minute."</p>
            </div>
            {outside}
            {full}
            <Form<Check> class="card">
                <input type="hidden" name="request" value=request.to_string()/>
                <input type="hidden" name="version" value=version.to_string()/>
                <dl class="kv wide">
                    <Row what="Organisation" field="organisation">{organisation.to_string()}</Row>
                    <Row what="Database name" field="database"><span class="mono">{database.to_string()}</span></Row>
                    <Row what="Plan" field="plan">{limits}</Row>
                    <Row what="Region" field="region">{region.label}</Row>
                    <Row what="Allowed IP addresses" field="addresses"><span class="mono">{addresses}</span></Row>
                    <Row what="Extensions" field="extensions">{extensions}</Row>
                </dl>
                <div class="card-foot">
                    <button type="submit" class="btn btn-primary"><Icon name="database"/>"Create database"</button>
                </div>
            </Form<Check>>
        </div>
    }
    .into_any()
}

#[component]
fn Row(what: &'static str, field: &'static str, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{what}</dt>
            <dd>{children()}</dd>
            <dd><a href=format!("{}#{field}", Page::Database)>"Change"<span class="vh">{format!(" {}", what.to_lowercase())}</span></a></dd>
        </div>
    }
}
