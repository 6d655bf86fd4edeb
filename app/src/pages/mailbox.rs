//! The local mailbox of a portal that sends no mail yet. Only on a loopback address, and for who has its link: the
//! links in its mails open doors.

use crate::{
    components::{Icon, words},
    pages::{nothing, part},
    web::{Cx, NoReferrer, PageEnd, PageTitle},
};
use innkeeper_domain::{
    ports::{MailboxEntry, MailboxMail},
    routes::Page,
};
use leptos::prelude::*;

/// The most mails in the list.
const MOST: usize = 100;

/// The list.
#[component]
pub fn MailboxPage() -> impl IntoView {
    let cx = Cx::get();
    match &cx.mailbox {
        Some(mailbox) => mailbox_view(mailbox.list(MOST)),
        None => nothing(&cx, PageEnd::NotFound),
    }
}

/// One mail.
#[component]
pub fn MailPage() -> impl IntoView {
    let cx = Cx::get();
    match cx.mailbox.as_ref().and_then(|mailbox| mailbox.read(&part("file"))) {
        Some(mail) => mail_view(mail),
        None => nothing(&cx, PageEnd::NotFound),
    }
}

pub(crate) fn mailbox_view(mails: Vec<MailboxEntry>) -> AnyView {
    let rows: Vec<_> = mails
        .into_iter()
        .map(|mail| {
            view! {
                <li>
                    <div><a class="name" href=Page::Mail(mail.file.into()).to_string()>{mail.subject}</a></div>
                    <p>{mail.to}</p>
                    <time class="small dim num" datetime=words::stamp(mail.at)>{words::moment(mail.at)}</time>
                    <span class="go"><Icon name="chevron-right"/></span>
                </li>
            }
        })
        .collect();
    let body = if rows.is_empty() {
        view! {
            <div class="card empty">
                <Icon name="mail"/>
                <h2>"No e-mail yet"</h2>
                <p>"E-mails that the portal would send are listed here, newest first."</p>
                <a class="btn" href=Page::Mailbox.to_string()><Icon name="refresh-cw"/>"Refresh"</a>
            </div>
        }
        .into_any()
    } else {
        view! { <ul class="rows card" role="list">{rows}</ul> }.into_any()
    };
    view! {
        <PageTitle text="Local mailbox"/>
        <NoReferrer/>
        <div class="page-head">
            <h1>"Local mailbox"</h1>
            <p>
                "This portal is not connected to a mail server, so its e-mails stay on this machine. Only a browser opened with the mailbox link, which the portal prints when it starts, can see this page."
            </p>
        </div>
        {body}
    }
    .into_any()
}

pub(crate) fn mail_view(mail: MailboxMail) -> AnyView {
    view! {
        <PageTitle text=mail.subject.clone()/>
        <NoReferrer/>
        <div class="narrow stack">
            <div class="page-head flush">
                <p><a href=Page::Mailbox.to_string()>"Local mailbox"</a></p>
                <h1>{mail.subject}</h1>
                <p>"To " <strong>{mail.to}</strong></p>
            </div>
            <div class="code"><pre tabindex="0" role="group" aria-label="E-mail text">{linked(&mail.text)}</pre></div>
        </div>
    }
    .into_any()
}

/// The text with its http links made links. Everything else, and the links' own text, is escaped as text.
fn linked(text: &str) -> Vec<AnyView> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = ["http://", "https://"].iter().filter_map(|start| rest.find(start)).min() {
        let (before, from) = rest.split_at(at);
        let end =
            from.find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"')).unwrap_or(from.len());
        let (link, after) = from.split_at(end);
        if !before.is_empty() {
            parts.push(before.to_owned().into_any());
        }
        parts.push(view! { <a href=link.to_owned()>{link.to_owned()}</a> }.into_any());
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(rest.to_owned().into_any());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::html;

    #[test]
    fn links_are_links_and_the_rest_is_text() {
        let text = "Hi <b>\nhttp://127.0.0.1:8080/verify?token=a&b=c\n\nCode: 123456 \"https://x.example/\"";
        let page = html(move || view! { <p>{linked(text)}</p> });
        let link = "<a href=\"http://127.0.0.1:8080/verify?token=a&amp;b=c\">http://127.0.0.1:8080/verify?token=a&amp;b=c</a>";
        assert!(page.contains(link), "{page}");
        assert!(page.contains("Hi &lt;b&gt;\n"), "{page}");
        assert_eq!(page.matches("<a ").count(), 2, "{page}");
        let evil = html(|| view! { <p>{linked("javascript:alert(1) http://a\"onmouseover=x")}</p> });
        assert!(!evil.contains("href=\"javascript") && evil.contains("href=\"http://a\""), "{evil}");
    }
}
