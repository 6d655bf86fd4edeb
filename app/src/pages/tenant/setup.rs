//! Watching a database being made.

use super::TenantForm;
use crate::{
    components::{CopySecret, Icon, Notice, RunCard, errors::sentences, run_failure, run_line, words},
    pages::{RefreshWithoutScript, nothing, part},
    web::{Cx, Form, PageEnd, PageTitle, Refusal, SeeOther, needs, refused, see_other},
};
use innkeeper_domain::{handoff::HandoffState, routes::Page, run::RunState, tenant::TenantState};
use innkeeper_service::{
    Error,
    tenants::{
        TenantView,
        onboarding::{self, SetupView},
    },
};
use leptos::prelude::*;

/// Tries again to make a database that could not be made.
#[server(prefix = "/do", endpoint = "retry")]
pub async fn retry(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Setup((&form.name).into()).to_string();
    match onboarding::retry(&cx.service, &cx.requester, &form.name).await {
        // Conflict: somebody pressed before; the page shows what came of it.
        Ok(()) | Err(Error::Conflict) => see_other(page),
        // There is no field on that page: what is short is said above it.
        Err(Error::Rejected(errors)) => {
            cx.say(&sentences(&errors)).await?;
            see_other(page)
        }
        Err(error) => Err(refused(&page, &form, error)),
    }
}

needs!(Retry, OnboardingRetry);

/// Gives up a database that could not be made, and begins again with the same wishes.
#[server(prefix = "/do", endpoint = "start-over")]
pub async fn start_over(
    /// What was sent.
    #[server(flatten)]
    form: TenantForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let page = Page::Setup((&form.name).into()).to_string();
    match onboarding::start_over(&cx.service, &cx.requester, &form.name).await {
        Ok(()) => see_other(Page::Database),
        Err(Error::Conflict) => see_other(page),
        Err(error) => Err(refused(&page, &form, error)),
    }
}

needs!(StartOver, OnboardingRetry);

/// The page.
#[component]
pub fn SetupPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let name = part("name");
    view! {
        {Suspend::new(async move {
            match onboarding::view(&cx.service, &cx.requester, &name).await {
                Ok(view) => match next(&view) {
                    Some(page) => nothing(&cx, PageEnd::Redirect(page.into())),
                    None => setup_view(view),
                },
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

/// Where a finished set-up leads.
fn next(view: &SetupView) -> Option<Page> {
    let SetupView { tenant, run, .. } = view;
    (run.state == RunState::Done).then(|| match tenant.handoff {
        Some(HandoffState::Confirmed) => Page::Tenant((&tenant.name).into()),
        _ => Page::Handoff((&tenant.name).into()),
    })
}

pub(crate) fn setup_view(view: SetupView) -> AnyView {
    let SetupView { tenant, run, elapsed_seconds, changed_at, requested_by } = view;
    let running = !run.state.is_over();
    let name = tenant.name.clone();
    let number = run.support_number.to_string();
    let line = run_line(&run);
    let why = run_failure(&run);
    let title = match run.state {
        RunState::Running | RunState::Done => format!("Setting up {}, {line}", tenant.wish),
        _ => format!("{} could not be set up", tenant.wish),
    };
    let heading = match run.state {
        RunState::Running | RunState::Done => format!("Setting up {}", tenant.wish),
        _ => format!("{} could not be set up", tenant.wish),
    };
    let intro = (run.state == RunState::Running).then(|| {
        view! {
            <p>
                "This takes less than a minute. You can close this page: we will send " {requested_by}
                " an e-mail when the database is ready."
            </p>
        }
    });
    let elapsed = if running { "so far" } else { "in total" };
    view! {
        <PageTitle text=title/>
        {running.then(|| view! { <RefreshWithoutScript/> })}
        <div id="setup" data-live=running.then(|| Page::Events((&name).into()).to_string())>
            <div class="page-head">
                <h1>{heading}</h1>
                {intro}
            </div>
            <div class="split">
                <div class="stack">
                    <Outcome tenant=tenant.clone() state=run.state why/>
                    <RunCard
                        run what="Setup" line page=Page::Setup((&name).into()) changed_at=Some(changed_at)
                        took=Some(format!("{} {elapsed}", words::seconds(elapsed_seconds)))
                    />
                </div>
                <aside class="stack">
                    <Request tenant/>
                    <section class="card card-body" aria-labelledby="wrong">
                        <h2 id="wrong">"Something wrong?"</h2>
                        <p class="small dim">
                            "A failed step is retried automatically. If it still fails, everything is rolled back and you can start again. Quote this number to support:"
                        </p>
                        <p class="tight"><CopySecret id="number" text=number label="Copy support number"/></p>
                    </section>
                </aside>
            </div>
        </div>
    }
    .into_any()
}

/// What became of a run that did not go well, and what to do.
#[component]
fn Outcome(tenant: TenantView, state: RunState, why: String) -> impl IntoView {
    let why = view! { <p>{why}</p> };
    match state {
        RunState::Running | RunState::Done => ().into_any(),
        RunState::Unwinding => view! {
            <Notice tone="warn" icon="rotate-ccw" title="Rolling back">
                {why}
                <p>"In a moment everything is rolled back, and you can try again."</p>
            </Notice>
        }
        .into_any(),
        RunState::Failed if tenant.state == TenantState::Failed => {
            let name = tenant.name.to_string();
            let again = name.clone();
            view! {
                <Notice tone="bad" icon="circle-alert" title="Your database was not created">
                    {why}
                    <p>"Everything was rolled back: no database, role or rule is left. Your request is saved."</p>
                    <div class="row tight">
                        <Form<Retry>>
                            <input type="hidden" name="name" value=again/>
                            <button type="submit" class="btn btn-primary"><Icon name="refresh-cw"/>"Try again"</button>
                        </Form<Retry>>
                        <Form<StartOver>>
                            <input type="hidden" name="name" value=name/>
                            <button type="submit" class="btn">"Start over"</button>
                        </Form<StartOver>>
                    </div>
                    <p class="small">"“Try again” repeats the same request. “Start over” opens the form with your choices filled in."</p>
                </Notice>
            }
            .into_any()
        }
        RunState::Failed | RunState::Stuck => view! {
            <Notice tone="bad" icon="circle-alert" title="Needs attention">
                {why}
                <p>"It could not be rolled back completely. The operators of this portal can see it. Quote the support number if you contact support."</p>
            </Notice>
        }
        .into_any(),
    }
}

/// What was asked for.
#[component]
fn Request(tenant: TenantView) -> impl IntoView {
    let addresses: Vec<_> = words::reach_lines(&tenant.reach)
        .into_iter()
        .enumerate()
        .map(|(at, line)| view! { {(at > 0).then(|| view! { <br/> })} {line} })
        .collect();
    view! {
        <section class="card" aria-labelledby="order">
            <div class="card-head"><h2 id="order">"Your request"</h2></div>
            <dl class="kv card-body">
                <div><dt>"Organisation"</dt><dd>{tenant.organisation}</dd></div>
                <div><dt>"Database"</dt><dd class="mono">{tenant.name.to_string()}</dd></div>
                <div><dt>"Plan"</dt><dd>{tenant.plan.label}</dd></div>
                <div><dt>"Region"</dt><dd>{tenant.region_label}</dd></div>
                <div><dt>"Allowed IP addresses"</dt><dd class="mono">{addresses}</dd></div>
            </dl>
        </section>
    }
}
