//! The journal: every run of a database and what each of its steps did.

use crate::{
    components::{Badge, CopySecret, Icon, SubNav, Timeline, words},
    pages::{load, part},
    web::{Cx, PageTitle},
};
use innkeeper_domain::{routes, run::RunState};
use innkeeper_service::{
    db::paging::Page,
    tenants::{self, RunLine, TenantView},
};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ActivityPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let (name, before) = (part("name"), cx.asked("before"));
    let first = before.is_empty();
    load(
        async move { tenants::runs(&cx.service, &cx.requester, &name, &before).await },
        move |(tenant, page)| activity_view(tenant, page, first),
    )
}

pub(crate) fn activity_view(tenant: TenantView, page: Page<RunLine>, first: bool) -> AnyView {
    let newest = routes::Page::Activity((&tenant.name).into());
    let older = page.next.map(|next| newest.with("before", next).to_string());
    let total = usize::try_from(page.total).unwrap_or_default();
    let runs: Vec<_> = page
        .items
        .into_iter()
        .enumerate()
        .map(|(at, run)| view! { <Run run open={first && at == 0}/> })
        .collect();
    let body = if runs.is_empty() {
        view! {
            <div class="card empty">
                <Icon name="scroll-text"/>
                <h2>"No activity yet"</h2>
                <p>"Each operation on this database is listed here, step by step, as soon as it starts."</p>
                <a class="btn" href=routes::Page::Tenant((&tenant.name).into()).to_string()>"Go to the overview"</a>
            </div>
        }
        .into_any()
    } else {
        view! {
            {runs}
            <nav class="row between" aria-label="Pages">
                <span class="small dim">{words::count(total, "operation in total", "operations in total")}</span>
                <span class="row">
                    {(!first).then(|| view! { <a class="btn btn-sm" href=newest.to_string()>"Newest"</a> })}
                    {older.map(|href| view! { <a class="btn btn-sm" href=href>"Older"<Icon name="chevron-right"/></a> })}
                </span>
            </nav>
        }
        .into_any()
    };
    view! {
        <PageTitle text=format!("Activity log of {}", tenant.wish)/>
        <div class="page-head">
            <h1>{format!("Activity log of {}", tenant.wish)}</h1>
            <p>"Every operation on this database, step by step, with its result."</p>
        </div>
        <SubNav name=tenant.name organisation=tenant.organisation_slug role=tenant.role current=routes::Page::Activity/>
        <div class="stack">{body}</div>
    }
    .into_any()
}

/// A run, folded unless it is the newest.
#[component]
fn Run(run: RunLine, open: bool) -> impl IntoView {
    let what = words::run_kind(run.kind);
    let (tone, state) = match run.state {
        RunState::Running => ("live", "Running"),
        RunState::Unwinding => ("warn", "Rolling back"),
        RunState::Done => ("ok", "Done"),
        RunState::Failed => ("bad", "Failed, rolled back"),
        RunState::Stuck => ("bad", "Needs attention"),
    };
    let took = run.finished_at.map(|end| words::seconds((end - run.created_at).as_seconds_f64()));
    let number = run.support_number.to_string();
    view! {
        <details class="card fold" open=open>
            <summary class="card-head">
                <h2>{what}</h2>
                <Badge tone text=state/>
                <span class="small dim num">
                    <time datetime=words::stamp(run.created_at)>{words::moment(run.created_at)}</time>
                    {took.map(|took| format!(", {took}"))}
                </span>
                <Icon name="chevron-down"/>
            </summary>
            <div>
                {run.failure.map(|why| view! { <p class="card-body error">{why}</p> })}
                <Timeline steps=run.steps/>
                <div class="card-foot">
                    <span class="small dim">"Support number"</span>
                    <CopySecret id=format!("number-{number}") text=number label="Copy support number"/>
                </div>
            </div>
        </details>
    }
}
