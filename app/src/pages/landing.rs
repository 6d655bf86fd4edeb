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
                    "Say what you need, watch it being made, and receive its credentials once. Shut off from everybody \
                     else by its own roles, its own list of addresses and TLS."
                </p>
                <p class="row">
                    <a class="btn btn-primary btn-lg" href=Page::SignUp.to_string()><Icon name="database"/>"Create a database"</a>
                    <a class="btn btn-quiet btn-lg" href=Page::SignIn.to_string()>"Sign in"</a>
                </p>
            </div>
            <div class="card card-body">
                <IsolationPicture from="from your addresses"/>
            </div>
        </div>
        <section class="section" aria-labelledby="plans">
            <h2 id="plans">"Three plans"</h2>
            <div class="plans">
                <PlanCard
                    name="Starter" limits="50 connections, 10 GB" who="For a first service, a test, a side project."
                    ticks=["4 MB work memory", "1 GB temporary files", "Yours at once, without a ticket"]
                />
                <PlanCard
                    name="Professional" limits="100 connections, 50 GB" who="For a service that people depend on."
                    ticks=["8 MB work memory", "4 GB temporary files", "Yours at once, without a ticket"]
                />
                <PlanCard
                    name="Enterprise" limits="200 connections, 250 GB" who="For many users and special needs."
                    ticks=["16 MB work memory", "Shared or dedicated server", "By approval"]
                    contact=contact
                />
            </div>
        </section>
        <section class="section" aria-labelledby="how">
            <h2 id="how">"How it is shut off"</h2>
            <div class="facts">
                <Fact icon="user-check" title="Three roles of its own" text="Owner, application and read-only. None of \
                    them can enter another database, and no other role can enter yours."/>
                <Fact icon="shield-check" title="Only your addresses" text="A connection from elsewhere, or without \
                    TLS, is refused before it can try a password."/>
                <Fact icon="activity" title="Limits that hold" text="Connections and temporary files are limited by the \
                    server itself, so a busy neighbour cannot take yours."/>
                <Fact icon="key-round" title="Credentials once" text="Sealed when they are drawn, shown one time for 15 \
                    minutes, then destroyed on our side. Never in a mail."/>
                <Fact icon="check" title="Tested before ready" text="Each role really signs in over TLS, and what must \
                    be refused is refused, before we call it ready."/>
                <Fact icon="scroll-text" title="A journal" text="Every step with its result and its time. What fails is \
                    tried again or undone, and you read why."/>
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
