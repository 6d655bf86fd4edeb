//! The credentials while they are open.

use super::{actions::Confirm, set_up_time::set_up_in};
use crate::{
    components::{CopyCode, CopySecret, FormatTabs, Icon, Snippet, words},
    pages::tenant::snippets::certificate_note,
    web::{Form, token},
};
use innkeeper_domain::{
    connection::{CA_ELSEWHERE, Credentials, Format, save_ca},
    routes::Page,
    tenant::TenantRole,
};
use innkeeper_service::tenants::{TenantView, handoff::OpenHandoff};
use leptos::prelude::*;

/// The page while it is open.
pub(super) fn open_view(tenant: TenantView, open: OpenHandoff, email: String, public_url: String) -> AnyView {
    let OpenHandoff { credentials, until, opened_at, from } = open;
    let name = tenant.name.to_string();
    let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
    let number = tenant.run.as_ref().map(|run| run.2.to_string());
    view! {
        <div class="page-head split">
            <div>
                <p class="row"><span class="badge ok">"Ready"</span>{set_up_in(&tenant)}</p>
                <h1>{format!("Save your credentials for {}", tenant.wish)}</h1>
                <p>
                    "This is the only time we show these passwords. We keep no readable copy. If you lose one, you can reset the passwords at any time."
                </p>
            </div>
            <div class="notice warn">
                <Icon name="timer"/>
                <strong>"Visible until " <time datetime=words::stamp(until)>{words::clock(until)}</time></strong>
                <p class="small">
                    <span data-js>"For another\u{a0}" <span class="num" data-until=words::stamp(until)>"15 min"</span> "."</span>
                    " In this browser only. After that, reset the passwords."
                </p>
            </div>
        </div>
        <div class="split">
            <div class="stack">
                <Passwords credentials=credentials.clone() tenant=tenant.clone()/>
                <Strings credentials=credentials.clone() tenant=tenant.clone() public_url/>
                <Form<Confirm> class="card card-body row">
                    <input type="hidden" name="name" value=name/>
                    <div class="grow">
                        <h2>"3. Confirm that you saved them"</h2>
                        <p class="small dim">"We then delete our encrypted copy and open your database."</p>
                    </div>
                    <button type="submit" class="btn btn-primary">"I have saved them"</button>
                </Form<Confirm>>
            </div>
            <aside class="stack">
                <section class="card" aria-labelledby="db">
                    <div class="card-head"><h2 id="db">"Database"</h2></div>
                    <dl class="kv card-body">
                        <div><dt>"Host"</dt><dd class="mono">{credentials.endpoint.host.clone()}</dd></div>
                        <div><dt>"Port"</dt><dd class="mono">{credentials.endpoint.port.to_string()}</dd></div>
                        <div><dt>"Database"</dt><dd class="mono">{credentials.tenant.to_string()}</dd></div>
                        <div><dt>"Version"</dt><dd>{format!("PostgreSQL {}", tenant.major)}</dd></div>
                        <div><dt>"Encryption"</dt><dd>"TLS, required"</dd></div>
                        <div><dt>"Plan"</dt><dd>{tenant.plan.label.clone()}</dd></div>
                    </dl>
                </section>
                <p class="tiny">
                    {format!("Viewed by {email}{from} at {}.", words::clock(opened_at))}
                    {number.map(|number| view! { " Support number " <span class="mono">{number}</span> "." })}
                </p>
            </aside>
        </div>
    }
    .into_any()
}

/// The three passwords, and the bundle with all of it.
#[component]
fn Passwords(credentials: Credentials, tenant: TenantView) -> impl IntoView {
    let rows: Vec<_> = [TenantRole::App, TenantRole::Owner, TenantRole::ReadOnly]
        .into_iter()
        .map(|role| {
            let does = match role {
                TenantRole::App => "Reads and writes data",
                TenantRole::Owner => "Runs migrations",
                TenantRole::ReadOnly => "For reports",
            };
            let (label, id) = (role.label(), role.as_str());
            view! {
                <tr role="row">
                    <th scope="row" role="rowheader">
                        <strong>{label}</strong>
                        <span class="sub">{does}</span>
                    </th>
                    <td role="cell" data-label="Username">
                        <CopySecret id=format!("user-{id}") text=credentials.tenant.role(role)
                            label=format!("Copy {} username", label.to_lowercase())/>
                    </td>
                    <td role="cell" data-label="Password">
                        <CopySecret id=format!("password-{id}") text=credentials.passwords.of(role).expose().to_owned()
                            label=format!("Copy {} password", label.to_lowercase())/>
                    </td>
                </tr>
            }
        })
        .collect();
    view! {
        <section class="card" aria-labelledby="passwords">
            <div class="card-head">
                <h2 id="passwords">"1. Save three passwords"</h2>
                // A plain handler of the portal: a server function cannot answer with a file.
                <form class="push" method="post" action=Page::Bundle((&tenant.name).into()).to_string()>
                    <input type="hidden" name="csrf" value=token()/>
                    <button type="submit" class="btn btn-sm"><Icon name="download"/>"Download bundle"</button>
                </form>
                <p>"The bundle contains the CA certificate, a guide, and these passwords in .env, pg_service.conf and credentials.json."</p>
            </div>
            <div class="table-wrap">
                <table class="table cards" role="table">
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Role"</th>
                            <th scope="col" role="columnheader">"Username"</th>
                            <th scope="col" role="columnheader">"Password"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

/// The ten formats, the URIs of the other roles, and whether somebody has connected yet.
#[component]
fn Strings(credentials: Credentials, tenant: TenantView, public_url: String) -> impl IntoView {
    let snippets = Format::ALL
        .iter()
        .map(|format| Snippet {
            format: *format,
            text: credentials.write(*format, TenantRole::App),
            note: certificate_note(*format).map(str::to_owned),
        })
        .collect();
    let others: Vec<_> = [
        (TenantRole::Owner, "For migrations, as the owner"),
        (TenantRole::ReadOnly, "For reports, read-only"),
    ]
    .into_iter()
    .map(|(role, what)| {
        let name = role.as_str();
        view! {
            <div>
                <h3>{what}</h3>
                <div class="tight">
                    <CopyCode id=format!("as-uri-{name}") text=credentials.uri(role) format="uri" role=name
                        what=format!("URI of the {} role", role.label().to_lowercase())/>
                </div>
            </div>
        }
    })
    .collect();
    view! {
        <section class="card" aria-labelledby="connect">
            <div class="card-head">
                <h2 id="connect">"2. Connect"</h2>
                <p>"These use the application role. They work in any folder, once the CA certificate is saved."</p>
            </div>
            <SaveCa public_url/>
            <FormatTabs snippets/>
            <div class="card-body stack">{others}</div>
            <FirstConnection tenant/>
        </section>
    }
}

/// The command to run once before anything connects.
#[component]
pub(crate) fn SaveCa(public_url: String) -> impl IntoView {
    view! {
        <div class="card-body">
            <h3>"Save the CA certificate (once on each machine)"</h3>
            <div class="tight">
                <CopyCode id="save-ca" text=save_ca(&public_url) what="the command that saves the CA certificate"/>
            </div>
            <p class="small dim tight">
                "For Linux and macOS. On Windows, save " <a href=Page::CaCertificate.to_string() download="ca.crt">"ca.crt"</a>
                " as %APPDATA%\\postgresql\\root.crt. " {CA_ELSEWHERE}
            </p>
        </div>
    }
}

/// Says when the first real connection has been seen.
#[component]
pub(crate) fn FirstConnection(tenant: TenantView) -> impl IntoView {
    let name = tenant.name.to_string();
    let seen = tenant.first_connected_at;
    let words = match seen {
        Some(at) => {
            let role = tenant.first_connected_role.map(|role| format!(" as {}", role.label().to_lowercase()));
            let from = tenant.first_connected_from.map(|from| format!(" from {from}"));
            view! {
                <span class="small with-icon grow ok">
                    <Icon name="circle-check"/>
                    <span>
                        <strong>"First connection seen"</strong>
                        <span class="dim">{format!(" at {}{}{}", words::clock(at), role.unwrap_or_default(), from.unwrap_or_default())}</span>
                    </span>
                </span>
            }
            .into_any()
        }
        None => view! {
            <span class="small with-icon grow">
                <Icon name="loader-circle" spin=true/>
                <span>
                    <strong>"Waiting for your first connection"</strong>
                    <span class="dim">{format!(" {}", words::reach_phrase(&tenant.reach))}</span>
                </span>
            </span>
        }
        .into_any(),
    };
    let events = seen.is_none().then(|| Page::Events((&name).into()).to_string());
    view! {
        <div class="card-foot" role="status" id="first-connection" data-live=events>
            {words}
            {seen.is_none().then(|| view! { <a class="small" href=Page::Handoff((&name).into()).to_string()>"Check now"</a> })}
        </div>
    }
}
