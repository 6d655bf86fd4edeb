//! How to connect, without passwords.

use super::{
    handoff::open::SaveCa,
    snippets::{certificate_note, password_source, without_password},
    standing::CutOff,
};
use crate::{
    components::{FormatTabs, Icon, Notice, Snippet, SubNav, words},
    pages::{load, part},
    web::{Cx, PageTitle},
};
use innkeeper_domain::{connection::Format, permission::Permission, routes::Page, tenant::TenantRole};
use innkeeper_service::tenants::{self, TenantView};
use leptos::prelude::*;

/// The page.
#[component]
pub fn ConnectPage() -> impl IntoView {
    let cx = Cx::get();
    if cx.signed_in().is_none() {
        return ().into_any();
    }
    let name = part("name");
    let role = TenantRole::parse(&cx.asked("role")).unwrap_or(TenantRole::App);
    let public_url = cx.service.settings.public_url.clone();
    load(async move { tenants::open(&cx.service, &cx.requester, &name).await }, move |tenant| {
        connect_view(tenant, role, &public_url)
    })
}

pub(crate) fn connect_view(tenant: TenantView, role: TenantRole, public_url: &str) -> AnyView {
    let (name, wish) = (tenant.name.clone(), tenant.wish.clone());
    let body = match tenant.endpoint.clone() {
        Some(endpoint) => {
            let snippets = Format::ALL
                .iter()
                .map(|format| Snippet {
                    format: *format,
                    text: without_password(*format, &endpoint, &name, role),
                    note: Some(match certificate_note(*format) {
                        Some(note) => format!("{} {note}", password_source(*format)),
                        None => password_source(*format).to_owned(),
                    }),
                })
                .collect();
            strings(&tenant, role, snippets, public_url)
        }
        None => view! {
            <div class="card empty">
                <Icon name="server"/>
                <h2>"No server yet"</h2>
                <p>"This database has no host until setup is complete."</p>
                <a class="btn" href=Page::Setup((&name).into()).to_string()>"View status"</a>
            </div>
        }
        .into_any(),
    };
    view! {
        <PageTitle text=format!("Connect to {wish}")/>
        <div class="page-head">
            <h1>{format!("Connect to {wish}")}</h1>
            <p>"Ready to paste, without passwords: clients read them from PGPASSWORD or ~/.pgpass."</p>
        </div>
        <SubNav name organisation=tenant.organisation_slug.clone() role=tenant.role current=Page::Connect/>
        <div class="stack">
            <CutOff tenant/>
            {body}
        </div>
    }
    .into_any()
}

fn strings(tenant: &TenantView, role: TenantRole, snippets: Vec<Snippet>, public_url: &str) -> AnyView {
    let (name, login) = (tenant.name.to_string(), tenant.name.role(role));
    let organisation = tenant.organisation.clone();
    let renewal = if tenant.may(Permission::CredentialsReset) {
        view! { <a href=Page::Credentials((&name).into()).to_string()>"reset the passwords"</a> }.into_any()
    } else {
        "reset the passwords".into_any()
    };
    let roles: Vec<_> = [TenantRole::App, TenantRole::Owner, TenantRole::ReadOnly]
        .into_iter()
        .map(|one| {
            let href = Page::Connect((&name).into()).with("role", one.as_str()).to_string();
            view! { <a href=href aria-current=(one == role).then_some("page")>{one.label()}</a> }
        })
        .collect();
    let about = match role {
        TenantRole::Owner => "The owner runs migrations: it creates and changes tables.",
        TenantRole::App => "The application role reads and writes data, and cannot create tables.",
        TenantRole::ReadOnly => "The read-only role is for reports.",
    };
    view! {
        <div class="split">
            <div class="stack">
                <section class="card" aria-labelledby="strings">
                    <div class="card-head">
                        <h2 id="strings">{format!("As the {} role", role.label().to_lowercase())}</h2>
                        <nav class="chips" aria-label="Role">{roles}</nav>
                        <p>{about}</p>
                    </div>
                    <SaveCa public_url=public_url.to_owned()/>
                    <FormatTabs snippets/>
                </section>
                <Notice icon="key-round" title="No password?">
                    <p>
                        "We keep no readable copy. An admin of " {organisation} " can " {renewal} "."
                    </p>
                </Notice>
            </div>
            <Facts tenant=tenant.clone() login/>
        </div>
    }
    .into_any()
}

/// Where the server is, how to check it, and who may come.
#[component]
fn Facts(tenant: TenantView, login: String) -> impl IntoView {
    let addresses: Vec<_> = words::reach_lines(&tenant.reach)
        .into_iter()
        .enumerate()
        .map(|(at, line)| view! { {(at > 0).then(|| view! { <br/> })} {line} })
        .collect();
    let endpoint = tenant.endpoint.map(|endpoint| {
        view! {
            <div><dt>"Host"</dt><dd class="mono">{endpoint.host}</dd></div>
            <div><dt>"Port"</dt><dd class="mono">{endpoint.port.to_string()}</dd></div>
        }
    });
    view! {
        <aside class="stack">
            <section class="card" aria-labelledby="where">
                <div class="card-head"><h2 id="where">"Server"</h2></div>
                <dl class="kv card-body">
                    {endpoint}
                    <div><dt>"Database"</dt><dd class="mono">{tenant.name.to_string()}</dd></div>
                    <div><dt>"Username"</dt><dd class="mono">{login}</dd></div>
                    <div><dt>"Version"</dt><dd>{format!("PostgreSQL {}", tenant.major)}</dd></div>
                    <div><dt>"Allowed IP addresses"</dt><dd class="mono">{addresses}</dd></div>
                </dl>
            </section>
            <section class="card card-body" aria-labelledby="tls">
                <h2 id="tls">"TLS"</h2>
                <p class="small dim">
                    "Connections without TLS are refused. Clients verify the server with the CA certificate of this installation in ~/.postgresql/root.crt; on Windows in %APPDATA%\\postgresql\\root.crt."
                </p>
                <p class="tight"><a class="btn btn-sm" href=Page::CaCertificate.to_string() download="ca.crt"><Icon name="download"/>"Download ca.crt"</a></p>
            </section>
        </aside>
    }
}
