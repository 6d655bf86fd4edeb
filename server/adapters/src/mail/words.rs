//! What each mail says.

use askama::Template;
use innkeeper_domain::{
    mail::{Message, OutgoingMail},
    text,
};

/// A line of a mail's text, as RFC 5322, section 2.1.1, recommends it at most.
const WIDTH: usize = 76;
/// Longer links would need an encoding that breaks them apart in the raw mail (RFC 5322, section 2.1.1: 998).
const LONGEST_LINK: usize = 900;

/// A mail in words.
pub(super) struct Words {
    /// One line.
    pub subject: String,
    /// The text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

/// Why a mail cannot be put into words.
#[derive(Debug, thiserror::Error)]
pub enum WordsError {
    /// A template failed.
    #[error("the template of the e-mail failed")]
    Template(#[from] askama::Error),
    /// Not an http or https address of printable ASCII. The link itself opens doors and is not told.
    #[error("the e-mail's link is not a web address of 900 characters at most")]
    Link,
}

/// A mail's three templates, which know the mail as `m`.
macro_rules! mail {
    ($name:ident { $($field:ident: $type:ty),* } $subject:literal $text:literal $html:literal) => {
        struct $name {
            to: String,
            link: String,
            $($field: $type),*
        }

        impl $name {
            fn words(&self) -> askama::Result<Words> {
                #[derive(Template)]
                #[template(path = $subject)]
                struct Subject<'a> {
                    m: &'a $name,
                }
                #[derive(Template)]
                #[template(path = $text)]
                struct Text<'a> {
                    m: &'a $name,
                }
                #[derive(Template)]
                #[template(path = $html)]
                struct Html<'a> {
                    m: &'a $name,
                }
                Ok(Words {
                    subject: line(&Subject { m: self }.render()?, 300),
                    text: wrap(&Text { m: self }.render()?),
                    html: Html { m: self }.render()?,
                })
            }
        }
    };
}

mail!(SignIn { code: String, known: bool }
    "mail/sign_in/subject.txt" "mail/sign_in/text.txt" "mail/sign_in/body.html");
mail!(AddMailbox { code: String }
    "mail/add_mailbox/subject.txt" "mail/add_mailbox/text.txt" "mail/add_mailbox/body.html");
mail!(AccountChanged { what: String, at: String, address: String }
    "mail/account_changed/subject.txt" "mail/account_changed/text.txt" "mail/account_changed/body.html");
mail!(DomainLost { organisation: String, domain: String, why: String }
    "mail/domain_lost/subject.txt" "mail/domain_lost/text.txt" "mail/domain_lost/body.html");
mail!(Ready { tenant: String, until: String }
    "mail/ready/subject.txt" "mail/ready/text.txt" "mail/ready/body.html");
mail!(SetupFailed { tenant: String, reason: String, support_number: String }
    "mail/setup_failed/subject.txt" "mail/setup_failed/text.txt" "mail/setup_failed/body.html");
mail!(CredentialsRevealed { tenant: String, person: String, address: String, at: String }
    "mail/credentials_revealed/subject.txt" "mail/credentials_revealed/text.txt"
    "mail/credentials_revealed/body.html");
mail!(Suspended { tenant: String }
    "mail/suspended/subject.txt" "mail/suspended/text.txt" "mail/suspended/body.html");
mail!(StorageFull { tenant: String, limit: String }
    "mail/storage_full/subject.txt" "mail/storage_full/text.txt" "mail/storage_full/body.html");
mail!(RemovalScheduled { tenant: String, at: String }
    "mail/removal_scheduled/subject.txt" "mail/removal_scheduled/text.txt" "mail/removal_scheduled/body.html");
mail!(Removed { tenant: String, kept_until: String }
    "mail/removed/subject.txt" "mail/removed/text.txt" "mail/removed/body.html");
mail!(RunHeld { tenant: String, reason: String, support_number: String }
    "mail/run_held/subject.txt" "mail/run_held/text.txt" "mail/run_held/body.html");
mail!(CredentialsExpired { tenant: String }
    "mail/credentials_expired/subject.txt" "mail/credentials_expired/text.txt"
    "mail/credentials_expired/body.html");

/// Puts a mail into words.
pub(super) fn words(mail: &OutgoingMail) -> Result<Words, WordsError> {
    let to = mail.to.to_string();
    let short = |text: &str| line(text, 200);
    let words = match &mail.message {
        Message::SignIn { link, code, known } => {
            SignIn { to, link: web(link)?, code: short(code), known: *known }.words()
        }
        Message::AddMailbox { link, code } => AddMailbox { to, link: web(link)?, code: short(code) }.words(),
        Message::AccountChanged { what, at, address, link } => AccountChanged {
            to,
            link: web(link)?,
            what: line(what, 600),
            at: short(at),
            address: short(address),
        }
        .words(),
        Message::DomainLost { organisation, domain, why, link } => DomainLost {
            to,
            link: web(link)?,
            organisation: short(organisation),
            domain: short(domain),
            why: line(why, 600),
        }
        .words(),
        Message::Ready { tenant, link, until } => {
            Ready { to, link: web(link)?, tenant: short(tenant), until: short(until) }.words()
        }
        Message::SetupFailed { tenant, link, reason, support_number } => SetupFailed {
            to,
            link: web(link)?,
            tenant: short(tenant),
            reason: line(reason, 2000),
            support_number: short(support_number),
        }
        .words(),
        Message::CredentialsRevealed { tenant, person, address, at, link } => CredentialsRevealed {
            to,
            link: web(link)?,
            tenant: short(tenant),
            person: short(person),
            address: short(address),
            at: short(at),
        }
        .words(),
        Message::Suspended { tenant, link } => {
            Suspended { to, link: web(link)?, tenant: short(tenant) }.words()
        }
        Message::StorageFull { tenant, limit, link } => {
            StorageFull { to, link: web(link)?, tenant: short(tenant), limit: short(limit) }.words()
        }
        Message::RemovalScheduled { tenant, at, link } => {
            RemovalScheduled { to, link: web(link)?, tenant: short(tenant), at: short(at) }.words()
        }
        Message::Removed { tenant, kept_until, link } => {
            Removed { to, link: web(link)?, tenant: short(tenant), kept_until: short(kept_until) }.words()
        }
        Message::RunHeld { tenant, reason, support_number, link } => RunHeld {
            to,
            link: web(link)?,
            tenant: short(tenant),
            reason: line(reason, 2000),
            support_number: short(support_number),
        }
        .words(),
        Message::CredentialsExpired { tenant, link } => {
            CredentialsExpired { to, link: web(link)?, tenant: short(tenant) }.words()
        }
    };
    Ok(words?)
}

fn web(link: &str) -> Result<String, WordsError> {
    let scheme = link.starts_with("https://") || link.starts_with("http://");
    let sound = scheme && link.len() <= LONGEST_LINK && link.bytes().all(|b| b.is_ascii_graphic());
    if sound { Ok(link.to_owned()) } else { Err(WordsError::Link) }
}

/// One line: whatever breaks lines, cannot be seen or turns the direction of writing becomes a blank.
pub(super) fn line(text: &str, most: usize) -> String {
    let seen: String = text.chars().map(|c| if text::is_hidden(c) { ' ' } else { c }).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(most).collect()
}

/// Breaks long lines at blanks. A word longer than a line, such as a link, stays whole.
fn wrap(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for paragraph in text.lines() {
        let mut width = 0;
        for word in paragraph.split(' ') {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                out.push('\n');
                width = 0;
            } else if width > 0 {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_are_broken_at_blanks_and_words_stay_whole() {
        let link = format!("https://portal.example.com/{}", "a".repeat(200));
        let text = wrap(&format!("{}\n\n{link}\n", "word ".repeat(40).trim_end()));
        assert!(text.lines().all(|line| line == link || line.len() <= WIDTH), "{text}");
        assert!(text.contains(&format!("word\n\n{link}\n")), "{text}");
    }

    #[test]
    fn only_web_addresses_are_links() {
        for bad in [
            "",
            "javascript:alert(1)",
            "ftp://portal.example.com/",
            "//portal.example.com",
            "https://portal.example.com/a b",
            "https://portal.example.com/\r\nBcc: eve@evil.example",
            "https://portal.example.com/é",
        ] {
            assert!(matches!(web(bad), Err(WordsError::Link)), "{bad:?}");
        }
        assert!(web(&format!("https://portal.example.com/{}", "a".repeat(900))).is_err());
        web("http://127.0.0.1:8080/verify?token=a-b_c").unwrap();
    }

    proptest! {
        #[test]
        fn a_line_is_one_line(s in "[a-z\r\n\t\0\u{2028}\u{202e}é ]{0,60}") {
            let line = line(&s, 40);
            prop_assert!(line.chars().count() <= 40 && !line.chars().any(text::is_hidden));
        }

        #[test]
        fn wrapping_changes_only_blanks(s in "[a-z0-9 é]{0,300}") {
            let bare = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&wrap(&s)), bare(&s));
        }
    }
}
