//! What it is, how databases are kept apart, and where help comes from.

use crate::components::Icon;
use crate::web::{Cx, PageTitle};
use leptos::prelude::*;

/// The page.
#[component]
pub fn HelpPage() -> impl IntoView {
    let support = Cx::get().service.settings.support.as_ref().map(ToString::to_string);
    help_view(support)
}

pub(crate) fn help_view(support: Option<String>) -> AnyView {
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
                    <Answer what="no pg_hba.conf entry">
                        "Your address is not on the list of the database, or the connection has no TLS. The overview \
                         of the database shows the list."
                    </Answer>
                    <Answer what="password authentication failed">
                        "The password is not the newest one, or belongs to another role. An admin can make new ones on \
                         the page “Credentials”."
                    </Answer>
                    <Answer what="root certificate file … does not exist">
                        "Put ca.crt where the program runs. It is in the bundle, and linked at the foot of each page."
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
