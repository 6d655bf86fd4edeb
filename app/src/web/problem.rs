//! The one page for everything that cannot be shown or done. Needs nothing: no router, session or database.

use super::{Head, Layout};
use innkeeper_domain::{organisation::MemberRole, routes::Page};
use innkeeper_service::context::target::Forbidden;
use leptos::prelude::*;

/// What went wrong, in words for whom it happens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The heading.
    pub title: String,
    /// What happened, why, and what to do.
    pub text: String,
    /// The support number, where quoting it helps.
    pub number: Option<String>,
    /// The page that shows how it stands now, where there is one.
    pub back: Option<String>,
}

impl Problem {
    /// The words for an HTTP status (RFC 9110, section 15).
    pub fn of(status: u16, number: Option<String>) -> Self {
        let (title, text) = match status {
            400 => (
                "This form could not be read",
                "It was altered in transit, or not sent by a browser. Go back, reload the page and submit the form again. Nothing was changed.",
            ),
            401 => ("Sign in first", "Sign in to see this page."),
            403 => (
                "This form is out of date",
                "It was opened in another session, or sent from another site. Go back, reload the page and submit the form again. Nothing was changed.",
            ),
            404 => (
                "Page not found",
                "The address is wrong, or you do not have access. If you followed a link, check that you are signed in with the right e-mail address.",
            ),
            405 => (
                "Method not allowed",
                "This address does not accept this kind of request. Start again from the home page.",
            ),
            408 | 504 => ("Request timed out", "The request took too long. Try again in a minute."),
            409 => (
                "This has changed",
                "This has changed since you opened it. Go back to see the current version.",
            ),
            413 => {
                ("Too much text", "A form can have 64 KB at most. Shorten your text. Nothing was changed.")
            }
            415 => (
                "This form could not be read",
                "It was not sent as a form. Submit it from the page itself. Nothing was changed.",
            ),
            429 => ("Too many attempts", "Wait a few minutes, then try again. Nothing was changed."),
            503 => (
                "Innkeeper is busy",
                "There are too many requests, or its database is temporarily unavailable. Try again in a moment.",
            ),
            _ => (
                "Something went wrong",
                "The error was logged. Try again; if it happens again, contact support.",
            ),
        };
        Self { title: title.into(), text: text.into(), number, back: None }
    }

    /// A member of the organisation whose role lacks the permission: who has it.
    pub fn forbidden(forbidden: &Forbidden) -> Self {
        let roles: Vec<_> = MemberRole::ALL
            .into_iter()
            .filter(|role| forbidden.permission.of_member(*role))
            .map(|role| format!("{}s", role.as_str()))
            .collect();
        let who = match forbidden.admins.as_slice() {
            [] => String::new(),
            [one] => format!(" Your admin: {one}."),
            several => format!(" Your admins: {}.", several.join(", ")),
        };
        Self {
            title: "You do not have permission".into(),
            text: format!("Only {} can {}.{who}", roles.join(" and "), forbidden.permission.words()),
            number: None,
            back: None,
        }
    }

    /// Too many attempts, with the time to wait.
    pub fn too_many(seconds: u64) -> Self {
        let wait = match seconds {
            0..=1 => "1 second".into(),
            2..=90 => format!("{seconds} seconds"),
            more => format!("{} minutes", more.div_ceil(60)),
        };
        Self {
            title: "Too many attempts".into(),
            text: format!("Wait {wait}, then try again. Nothing was changed."),
            number: None,
            back: None,
        }
    }
}

/// The whole document of a problem.
pub fn problem_page(status: u16, problem: Problem) -> String {
    let owner = Owner::new();
    let html = owner.with(|| {
        let Problem { title, text, number, back } = problem;
        let number = number.map(|number| {
            view! { <p>"Quote this number to support: " <span class="mono">{number}</span></p> }
        });
        let back = back.map(|page| view! { <a class="btn btn-primary" href=page>"Go back"</a> });
        let first = if back.is_some() { "btn" } else { "btn btn-primary" };
        view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <Head/>
                    <meta name="robots" content="noindex"/>
                    <title>{format!("{title} – Innkeeper")}</title>
                </head>
                <body>
                    <Layout support=None flash=None>
                        <div class="narrow stack">
                            <div class="page-head flush">
                                <p class="small dim">{format!("Error {status}")}</p>
                                <h1>{title.clone()}</h1>
                                <p>{text}</p>
                                {number}
                            </div>
                            <p class="row">
                                {back}
                                <a class=first href=Page::Landing.to_string()>"Home"</a>
                                <a class="btn btn-quiet" href=Page::Help.to_string()>"Help"</a>
                            </p>
                        </div>
                    </Layout>
                </body>
            </html>
        }
        .to_html()
    });
    html.replace("<!>", "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_page_stands_alone_and_escapes() {
        let problem = Problem {
            title: "<b>".into(),
            text: "\"><script>alert(1)</script>".into(),
            number: Some("ER-<i>".into()),
            back: Some("/o/\"<u>".into()),
        };
        let html = problem_page(404, problem);
        assert!(html.starts_with("<!DOCTYPE html>"), "{html}");
        for raw in ["<b>", "<script>alert", "<i>", "<u>"] {
            assert!(!html.contains(raw), "{raw} in {html}");
        }
        assert!(html.contains("<title>&lt;b&gt; – Innkeeper</title>"), "{html}");
        assert_eq!(html.matches("<h1>").count(), 1);
    }

    #[test]
    fn waiting_is_said_in_words() {
        assert!(Problem::too_many(0).text.contains("1 second,"));
        assert!(Problem::too_many(61).text.contains("61 seconds"));
        assert!(Problem::too_many(240).text.contains("4 minutes"));
    }
}
