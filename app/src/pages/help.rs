//! What it is, how databases are kept apart, and where help comes from.

use crate::{
    components::Icon,
    web::{Cx, PageTitle},
};
use innkeeper_domain::connection::{CA_ELSEWHERE, save_ca};
use leptos::prelude::*;

/// The page.
#[component]
pub fn HelpPage() -> impl IntoView {
    let settings = &Cx::get().service.settings;
    help_view(settings.support.as_ref().map(ToString::to_string), &settings.public_url)
}

pub(crate) fn help_view(support: Option<String>, public_url: &str) -> AnyView {
    let save_ca = save_ca(public_url);
    let support = match support {
        Some(to) => view! {
            <p>"Write to " <a href=format!("mailto:{to}")>{to.clone()}</a> ". Quote the support number of the page you are on: it starts with OB or ER."</p>
        }
        .into_any(),
        None => view! {
            <p>"Contact the operators of this portal. Quote the support number of the page you are on: it starts with OB or ER."</p>
        }
        .into_any(),
    };
    view! {
        <PageTitle text="Help"/>
        <div class="narrow stack">
            <div class="page-head flush">
                <h1>"Help"</h1>
                <p>"Innkeeper creates isolated PostgreSQL databases and shows you their credentials once."</p>
            </div>
            <section class="card card-body stack" aria-labelledby="connect">
                <h2 id="connect">"I cannot connect"</h2>
                <dl class="kv">
                    <Answer what="pg_hba.conf rejects connection">
                        "The IP address in the message is not on the database's IP allowlist, or the connection has no TLS: connect with sslmode=verify-full. The database overview shows the allowlist."
                    </Answer>
                    <Answer what="pg_hba.conf rejects connection … database \"postgres\"">
                        "The database in the message is not yours. pgAdmin and DBeaver connect to postgres first: set the \
                         maintenance database to the name of your own. dbmate create, createdb and the like do the same; \
                         your database is there already, so leave that step out."
                    </Answer>
                    <Answer what="no pg_hba.conf entry">
                        "The username in the message is not one of this database\u{2019}s usernames. Copy it from the page “Connect”."
                    </Answer>
                    <Answer what="password authentication failed">
                        "The password is not the latest one, or belongs to another role. An admin can reset the passwords on the page “Credentials”."
                    </Answer>
                    <Answer what="root certificate file … does not exist">
                        "Save the CA certificate once on each machine. On Linux and macOS: " <code>{save_ca}</code>
                        " On Windows save ca.crt, which is linked at the foot of each page, as \
                         %APPDATA%\\postgresql\\root.crt; for Node.js, Go, Rust and Prisma also as \
                         %USERPROFILE%\\.postgresql\\root.crt. " {CA_ELSEWHERE}
                    </Answer>
                    <Answer what="self-signed certificate in certificate chain">
                        "Node.js (SELF_SIGNED_CERT_IN_CHAIN) does not look for that file. Use the text of the tab \
                         “Node.js”, or start it with NODE_EXTRA_CA_CERTS set to the file\u{2019}s whole path."
                    </Answer>
                    <Answer what="too many connections for role">
                        "The role uses all connections of its plan. Close some, or use a connection pool."
                    </Answer>
                </dl>
            </section>
            <section class="card card-body stack" aria-labelledby="isolation">
                <h2 id="isolation">"Isolation"</h2>
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>"Each customer has their own database with three roles. No role can connect to another customer's database."</span></li>
                    <li><Icon name="check"/><span>"Connections are allowed only from the IP allowlist, with TLS and a SCRAM password."</span></li>
                    <li><Icon name="check"/><span>"The server enforces the plan's limits on each role's connections and temporary files."</span></li>
                    <li><Icon name="check"/><span>"Before a database is ready, each role has signed in, and wrong passwords and other databases were rejected."</span></li>
                    <li><Icon name="check"/><span>"Other users of the server can list database names: do not use anything confidential in a name."</span></li>
                </ul>
            </section>
            <section class="card card-body stack" aria-labelledby="passwords">
                <h2 id="passwords">"Passwords"</h2>
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>"We generate three passwords, encrypt them immediately, and show them once, for 15 minutes, to the person who created the database or reset the passwords."</span></li>
                    <li><Icon name="check"/><span>"Our encrypted copy is deleted when you confirm that you saved them, 15 minutes after you viewed them, or after 72 hours if nobody did."</span></li>
                    <li><Icon name="check"/><span>"No e-mail ever contains a password. Lost one? Reset the passwords; the old ones stop working."</span></li>
                </ul>
            </section>
            <section class="card card-body" aria-labelledby="support">
                <h2 id="support">"Support"</h2>
                {support}
            </section>
        </div>
    }
    .into_any()
}

#[component]
fn Answer(what: &'static str, children: Children) -> impl IntoView {
    view! { <div><dt class="mono">{what}</dt><dd>{children()}</dd></div> }
}
