use super::*;
use crate::mail::eml::Entity;
use innkeeper_domain::mail::Message as Said;
use proptest::prelude::*;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2025-11-21 03:15:00 UTC);
const LINK: &str = "https://portal.example.com/verify?token=Zk3-_9xQ";

fn sender() -> Sender {
    Sender { name: "Innkeeper".into(), address: EmailAddress::parse("portal@example.com").unwrap() }
}

fn mail(message: Said) -> OutgoingMail {
    let to = EmailAddress::parse("jane@acme.example").unwrap();
    OutgoingMail { message_id: "ml_0198@portal.example.com".into(), to, message }
}

fn raw(message: Said) -> String {
    String::from_utf8(render(&mail(message), &sender(), NOW).unwrap().formatted()).unwrap()
}

/// One mail of each kind whose texts are all `text`, or as they would be.
fn samples(text: Option<&str>) -> Vec<(&'static str, Said)> {
    let or = |usual: &str| text.unwrap_or(usual).to_owned();
    let tenant = || or("shop_k3v9x2");
    let link = || LINK.to_owned();
    let sign_in = |known| Said::SignIn { link: link(), code: or("042137"), known };
    vec![
        ("sign_in_new", sign_in(false)),
        ("sign_in_known", sign_in(true)),
        ("add_mailbox", Said::AddMailbox { link: link(), code: or("042137") }),
        (
            "account_changed",
            Said::AccountChanged {
                what: or("The e-mail address jane.s@acme.example was added as a way in."),
                at: or("21 November 2025 at 03:15 UTC"),
                address: or("198.51.100.7"),
                link: link(),
            },
        ),
        (
            "domain_lost",
            Said::DomainLost {
                organisation: or("Acme Robotics"),
                domain: or("acme.example"),
                why: or("Staff of this portal revoked it. Reason: The company was sold."),
                link: link(),
            },
        ),
        ("ready", Said::Ready { tenant: tenant(), link: link(), until: or("24 November 2025, 03:15 UTC") }),
        (
            "setup_failed",
            Said::SetupFailed {
                tenant: tenant(),
                link: link(),
                reason: or(
                    "The server did not answer within 60 seconds, three times. Everything made so far was \
                            removed again.",
                ),
                support_number: or("OB-7K3M-92QF"),
            },
        ),
        (
            "credentials_revealed",
            Said::CredentialsRevealed {
                tenant: tenant(),
                person: or("Jane Smith (jane@acme.example)"),
                address: or("198.51.100.7"),
                at: or("21 November 2025, 03:15 UTC"),
                link: link(),
            },
        ),
        ("credentials_expired", Said::CredentialsExpired { tenant: tenant(), link: link() }),
        ("suspended", Said::Suspended { tenant: tenant(), link: link() }),
        ("storage_full", Said::StorageFull { tenant: tenant(), limit: or("10 GB"), link: link() }),
        (
            "removal_scheduled",
            Said::RemovalScheduled {
                tenant: tenant(),
                at: or("28 November 2025 at 03:15 UTC"),
                link: link(),
            },
        ),
        (
            "removed",
            Said::Removed { tenant: tenant(), kept_until: or("28 December 2025 at 03:15 UTC"), link: link() },
        ),
        (
            "run_held",
            Said::RunHeld {
                tenant: tenant(),
                reason: or("The final backup could not be read back."),
                support_number: or("OB-7K3M-92QF"),
                link: link(),
            },
        ),
    ]
}

#[test]
fn each_mail_says_what_it_should() {
    for (name, message) in samples(None) {
        let raw = raw(message);
        let parsed = Entity::parse(&raw).unwrap();
        let [text, html] = ["text/plain", "text/html"].map(|kind| parsed.text(kind).unwrap());
        insta::assert_snapshot!(
            name,
            format!("Subject: {}\n\n{text}\n{:=<76}\n{html}", parsed.header("Subject"), "")
        );
    }
}

#[test]
fn a_mail_is_whole_and_the_same_each_time() {
    let message = || samples(None).remove(0).1;
    let raw_mail = raw(message());
    assert_eq!(raw_mail, raw(message()));
    insta::assert_snapshot!("headers", raw_mail.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n"));
    assert!(
        raw_mail.lines().all(|line| !line.contains('\r')) && !raw_mail.replace("\r\n", "").contains('\n')
    );
}

#[test]
fn the_code_and_the_link_stand_unbroken_in_the_raw_mail() {
    let long = format!("https://portal.example.com/verify?token={}", "x=Y".repeat(50));
    for known in [false, true] {
        let raw = raw(Said::SignIn { link: long.clone(), code: "042137".into(), known });
        assert!(raw.contains("\r\n042137\r\n") && raw.contains(&format!("\r\n{long}\r\n")), "{raw}");
        assert!(!raw.contains("quoted-printable") && raw.is_ascii());
        // Nothing else looks like a code, in no part: people's eyes and programs find the right one.
        let digits = raw.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let codes: Vec<_> =
            digits.filter(|w| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit())).collect();
        assert_eq!(codes, ["042137", "042137"]);
    }
}

#[test]
fn a_mail_has_one_link_and_loads_nothing() {
    for (name, message) in samples(None) {
        let raw = raw(message);
        let parsed = Entity::parse(&raw).unwrap();
        let (text, html) = (parsed.text("text/plain").unwrap(), parsed.text("text/html").unwrap());
        assert_eq!((text.matches("://").count(), html.matches("://").count()), (1, 1), "{name}");
        assert!(
            text.contains(LINK) && html.contains("href=\"https://portal.example.com/verify?token=Zk3-_9xQ\"")
        );
        for loads in ["<img", "src=", "url(", "<link", "<script", "@import"] {
            assert!(!html.contains(loads), "{name}: {loads}");
        }
        assert!(text.contains("Why you get this:") && text.contains("jane@acme.example"), "{name}");
    }
}

#[test]
fn html_shows_texts_as_text() {
    let text = "<script>alert('1')</script> & \"quoted\"";
    for (name, message) in samples(Some(text)) {
        let raw = raw(message);
        let html = Entity::parse(&raw).unwrap().text("text/html").unwrap();
        assert!(html.contains("&#60;script&#62;") && !html.contains("<script"), "{name}: {html}");
        assert!(!html.contains("\"quoted\""), "{name}");
    }
}

#[test]
fn texts_outside_ascii_arrive() {
    let person = "Zoë Żółć “of” Acme 山田";
    for (name, message) in samples(Some(person)) {
        let raw = raw(message);
        assert!(raw.is_ascii(), "{name}: servers without 8BITMIME take it too");
        let parsed = Entity::parse(&raw).unwrap();
        for kind in ["text/plain", "text/html"] {
            let part = parsed.text(kind).unwrap();
            assert!(part.contains(person) && part.contains("token=Zk3-_9xQ"), "{name}: {part}");
        }
    }
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let expired = |link: &str| Said::CredentialsExpired { tenant: "shop".into(), link: link.into() };
    let bad_link = render(&mail(expired("javascript:alert(1)")), &sender(), NOW).unwrap_err();
    assert!(matches!(bad_link, RenderError::Words(WordsError::Link)));
    for id in ["", "a", "a@", "@b", "a@b\r\nBcc: eve@evil.example", "a b@c", "<a@b", "a@b@c"] {
        let wrong = OutgoingMail { message_id: id.into(), ..mail(expired(LINK)) };
        assert!(matches!(render(&wrong, &sender(), NOW), Err(RenderError::MessageId)), "{id:?}");
    }
    let bracketed = OutgoingMail { message_id: "<a@b>".into(), ..mail(expired(LINK)) };
    let raw = render(&bracketed, &sender(), NOW).unwrap().formatted();
    assert!(String::from_utf8(raw).unwrap().contains("Message-ID: <a@b>\r\n"));
}

/// Splits a mail into header lines as plainly as can be: not by the code under test, not by the mail library.
fn header_names(raw: &str) -> Vec<String> {
    let head = raw.replace("\r\n", "\n").replace('\r', "\n");
    let head = head.split("\n\n").next().unwrap().to_owned();
    let lines = head.lines().filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect()
}

const HEADERS: [&str; 8] =
    ["message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_text_makes_a_header_or_a_part(
        before in ".{0,90}",
        hostile in prop_oneof![
            Just("\r\nBcc: eve@evil.example\r\n"), Just("\nTo: eve@evil.example"), Just("\r\rTo: eve@evil.example"),
            Just("\r\n\r\n--part"), Just("\u{85}To: x"), Just("\u{2028}To: x"), Just("\0"), Just("\r\n.\r\n"),
            Just("=?utf-8?q?=0D=0ATo:_eve?="),
        ],
        after in "[ -~\r\n\u{e9}]{0,90}",
    ) {
        let text = format!("{before}{hostile}{after}");
        let from = Sender { name: text.clone(), ..sender() };
        for (name, message) in samples(Some(&text)) {
            let message = render(&mail(message), &from, NOW).unwrap();
            prop_assert_eq!(message.envelope().to().len(), 1);
            let raw = String::from_utf8(message.formatted()).unwrap();
            prop_assert_eq!(header_names(&raw), HEADERS, "{}: {}", name, raw);
            prop_assert!(raw.lines().all(|line| line.len() <= 998 && !line.contains('\0')));
            let parsed = Entity::parse(&raw).unwrap();
            prop_assert_eq!(parsed.header("To"), "jane@acme.example");
            prop_assert_eq!(parsed.parts().unwrap().len(), 2);
            prop_assert!(!parsed.header("Subject").contains(['\r', '\n']));
        }
    }

    #[test]
    fn every_address_of_ours_can_be_written(
        local in "[a-zA-Z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}",
        domain in "[a-z0-9-]{1,20}(\\.[a-z0-9-]{1,20}){1,3}",
    ) {
        if let Ok(ours) = EmailAddress::parse(&format!("{local}@{domain}")) {
            prop_assert_eq!(address(&ours).unwrap().to_string(), ours.to_string());
        }
    }
}
