//! The first page.

use crate::{
    components::{Icon, IsolationPicture},
    pages::nothing,
    web::{Cx, PageEnd, PageTitle},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::tenants;
use leptos::prelude::*;

/// The page; who is signed in goes on to their database, or to the list of them.
#[component]
pub fn LandingPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.requester.account.is_none() {
        let support = cx.service.settings.support.as_ref().map(ToString::to_string);
        return landing_view(support);
    }
    view! {
        {Suspend::new(async move {
            match tenants::list(&cx.service, &cx.requester, "", "created", "").await {
                Ok(page) => {
                    let to = match page.items.as_slice() {
                        [only] => Page::Tenant((&only.name).into()),
                        _ => Page::Tenants,
                    };
                    nothing(&cx, PageEnd::Redirect(to.into()))
                }
                Err(error) => nothing(&cx, PageEnd::Problem(error)),
            }
        })}
    }
    .into_any()
}

pub(crate) fn landing_view(support: Option<String>) -> AnyView {
    let contact = support.map_or_else(|| Page::Help.to_string(), |to| format!("mailto:{to}"));
    view! {
        <PageTitle text="PostgreSQL without a ticket"/>
        <div class="hero">
            <div>
                <h1>"A PostgreSQL database of your own, in under a minute"</h1>
                <p class="lead">
                    "Pick a plan, watch it being provisioned, and get your credentials. Isolated by its own roles, an IP allowlist and TLS."
                </p>
                <p class="row">
                    <a class="btn btn-primary btn-lg" href=Page::SignUp.to_string()><Icon name="database"/>"Create a database"</a>
                    <a class="btn btn-quiet btn-lg" href=Page::SignIn.to_string()>"Sign in"</a>
                </p>
            </div>
            <div class="card card-body">
                <IsolationPicture from="from your IP addresses"/>
            </div>
        </div>
        <section class="section" aria-labelledby="plans">
            <h2 id="plans">"Three plans"</h2>
            <div class="plans">
                <PlanCard
                    name="Starter" limits="50 connections, 10 GB" who="For a first service, a test, a side project."
                    ticks=["4 MB work_mem", "1 GB temporary files", "Self-service, ready in seconds"]
                />
                <PlanCard
                    name="Professional" limits="100 connections, 50 GB" who="For a service that people depend on."
                    ticks=["8 MB work_mem", "4 GB temporary files", "Self-service, ready in seconds"]
                />
                <PlanCard
                    name="Enterprise" limits="200 connections, 250 GB" who="For many users and special needs."
                    ticks=["16 MB work_mem", "Shared or dedicated server", "By approval"]
                    contact=contact
                />
            </div>
        </section>
        <section class="section" aria-labelledby="how">
            <h2 id="how">"How your database is isolated"</h2>
            <div class="facts">
                <Fact icon="user-check" title="Its own three roles" text="Owner, application and read-only. None of \
                    them can enter another database, and no other role can enter yours."/>
                <Fact icon="shield-check" title="IP allowlist" text="A connection from any other IP address, or without TLS, is refused before it can try a password."/>
                <Fact icon="activity" title="Enforced limits" text="The server itself limits connections and temporary files: a noisy neighbour cannot use your connections."/>
                <Fact icon="key-round" title="One-time credentials" text="Encrypted when generated, shown once for 15 minutes, then deleted on our side. Never sent by e-mail."/>
                <Fact icon="check" title="Tested before ready" text="Each role signs in over TLS, and forbidden attempts are rejected, before the database is ready."/>
                <Fact icon="scroll-text" title="Activity log" text="Every step with its result and duration. A failed step is retried or rolled back, and you see why."/>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn PlanCard(
    name: &'static str,
    limits: &'static str,
    who: &'static str,
    ticks: [&'static str; 3],
    #[prop(optional, into)] contact: Option<String>,
) -> impl IntoView {
    let ticks: Vec<_> = ticks.into_iter().map(|tick| view! { <li><Icon name="check"/>{tick}</li> }).collect();
    let link = match contact {
        Some(contact) => view! { <a class="btn" href=contact>"Contact us"</a> }.into_any(),
        None => view! { <a class="btn" href=Page::SignUp.to_string() aria-label=format!("Choose {name}")>"Choose"</a> }
            .into_any(),
    };
    view! {
        <article class="card plan">
            <h3>{name}</h3>
            <p class="price">{limits}</p>
            <p>{who}</p>
            <ul class="ticks" role="list">{ticks}</ul>
            {link}
        </article>
    }
}

#[component]
fn Fact(icon: &'static str, title: &'static str, text: &'static str) -> impl IntoView {
    view! { <div><Icon name=icon/><h3>{title}</h3><p>{text}</p></div> }
}
