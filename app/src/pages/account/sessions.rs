//! Where the person is signed in, and how to end that.

use crate::{
    components::words,
    web::{Cx, Form, Refusal, SeeOther, needs, see_other},
};
use innkeeper_domain::routes::Page;
use innkeeper_service::{
    Error,
    sign_in::account::{self, SessionLine},
};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// Which session is meant.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SessionForm {
    /// Its id.
    pub session: String,
}

/// Ends one of the person's other sessions.
#[server(prefix = "/do", endpoint = "end-session")]
pub async fn end_session(
    /// What was sent.
    #[server(flatten)]
    form: SessionForm,
) -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    let session = form.session.parse().map_err(|_| Refusal::NotFound)?;
    match account::end(&cx.service, &cx.requester, session).await {
        Ok(()) => cx.say("That browser is signed out.").await?,
        // This very one: it signs out by the menu.
        Err(Error::Conflict) => {}
        Err(error) => return Err(error.into()),
    }
    see_other(Page::Account)
}

needs!(EndSession, SessionEnd);

/// Ends all of the person's sessions but this one.
#[server(prefix = "/do", endpoint = "end-sessions")]
pub async fn end_sessions() -> Result<SeeOther, Refusal> {
    let cx = Cx::get();
    account::end_others(&cx.service, &cx.requester).await?;
    cx.say("All other browsers are signed out.").await?;
    see_other(Page::Account)
}

needs!(EndSessions, SessionEnd);

/// The card.
#[component]
pub(super) fn Sessions(sessions: Vec<SessionLine>) -> impl IntoView {
    let others = sessions.len() > 1;
    let rows: Vec<_> = sessions.into_iter().map(|line| view! { <Line line/> }).collect();
    view! {
        <section class="card" aria-labelledby="sessions">
            <div class="card-head"><h2 id="sessions">"Active sessions"</h2></div>
            <ul class="rows" role="list">{rows}</ul>
            {others.then(|| view! {
                <div class="card-foot">
                    <Form<EndSessions>>
                        <button type="submit" class="btn btn-sm">"Sign out all other sessions"</button>
                    </Form<EndSessions>>
                </div>
            })}
        </section>
    }
}

#[component]
fn Line(line: SessionLine) -> impl IntoView {
    let browser = line.agent.as_deref().map_or("Unknown browser", name_of).to_owned();
    let from = line.address.map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let which = format!(" {browser} at {from}");
    let act = (!line.here).then(|| {
        view! {
            <Form<EndSession>>
                <input type="hidden" name="session" value=line.id.to_string()/>
                <button type="submit" class="btn btn-sm">"Sign out"<span class="vh">{which}</span></button>
            </Form<EndSession>>
        }
    });
    view! {
        <li>
            <div><p class="name">{browser}</p><p class="mono">{from}</p></div>
            <p>{format!("Since {}. Last seen {}.", words::moment(line.since), words::moment(line.seen))}</p>
            <span class=if line.here { "badge ok" } else { "" }>{line.here.then_some("This browser")}</span>
            {act}
        </li>
    }
}

/// What people call a browser, by what it calls itself. They all call themselves each other: the order counts.
pub(super) fn name_of(agent: &str) -> &'static str {
    let names = [
        ("Edg/", "Microsoft Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    names.iter().find(|(mark, _)| agent.contains(mark)).map_or("Another browser", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn browsers_are_told_by_what_only_they_say() {
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36";
        assert_eq!(name_of(chrome), "Chrome");
        assert_eq!(name_of(&format!("{chrome} Edg/120.0")), "Microsoft Edge");
        assert_eq!(
            name_of("Mozilla/5.0 (Macintosh) AppleWebKit/605 (KHTML, like Gecko) Version/17 Safari/605"),
            "Safari"
        );
        assert_eq!(name_of("<script>"), "Another browser");
    }
}
