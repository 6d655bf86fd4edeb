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
            <p>"Write to " <a href=format!("mailto:{to}")>{to.clone()}</a> ". Quote the support number of the page you are on: it begins with OB or ER."</p>
        }
        .into_any(),
        None => view! {
            <p>"Write to the people who run this portal. Quote the support number of the page you are on: it begins with OB or ER."</p>
        }
        .into_any(),
    };
    view! {
        <PageTitle text="Help"/>
        <div class="narrow stack">
            <div class="page-head flush">
                <h1>"Help"</h1>
                <p>"Innkeeper makes isolated PostgreSQL databases and hands you their credentials once."</p>
            </div>
            <section class="card card-body stack" aria-labelledby="connect">
                <h2 id="connect">"I cannot connect"</h2>
                <dl class="kv">
                    <Answer what="pg_hba.conf rejects connection">
                        "The address in the message is not on the list of the database, or the connection has no TLS: \
                         connect with sslmode=verify-full. The overview of the database shows the list."
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
                        "The password is not the newest one, or belongs to another role. An admin can make new ones on \
                         the page “Credentials”."
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
                        "The role uses all connections of its plan. Close some, or put a pool in front."
                    </Answer>
                </dl>
            </section>
            <section class="card card-body stack" aria-labelledby="isolation">
                <h2 id="isolation">"How databases are kept apart"</h2>
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>"Each customer has a database of their own with three roles of their own. No role of one can enter the database of another."</span></li>
                    <li><Icon name="check"/><span>"Connections are let in from the listed addresses only, with TLS and a SCRAM password."</span></li>
                    <li><Icon name="check"/><span>"The server limits each role's connections and temporary files by the plan."</span></li>
                    <li><Icon name="check"/><span>"Before we call a database ready, each role has signed in, and wrong passwords and other databases were refused."</span></li>
                    <li><Icon name="check"/><span>"Names of databases can be listed by other users of the same server: put nothing confidential into a name."</span></li>
                </ul>
            </section>
            <section class="card card-body stack" aria-labelledby="passwords">
                <h2 id="passwords">"Passwords"</h2>
                <ul class="ticks" role="list">
                    <li><Icon name="check"/><span>"We draw three passwords, seal them at once, and show them one time, for 15 minutes, to the person who asked for the database."</span></li>
                    <li><Icon name="check"/><span>"When you say that you have saved them, or when the time is over, our sealed copy is destroyed."</span></li>
                    <li><Icon name="check"/><span>"No mail ever holds a password. Lost one? Make new passwords; the old ones stop working."</span></li>
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
