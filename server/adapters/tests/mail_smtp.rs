//! Sending by a real SMTP server (`end2end/mail.mjs`), read back by a mail parser that is not ours.
#![cfg(test)]

#[path = "mail/server.rs"]
mod server;

use innkeeper_adapters::{
    mail::{MailUrlError, Sender, SmtpMailer},
    system::SystemClock,
};
use innkeeper_domain::{
    email::EmailAddress,
    mail::{Message, OutgoingMail},
    ports::{MailError, Mailer},
};
use serde_json::json;
use server::{MailServer, PASSWORD};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpListener;

const LINK: &str = "https://portal.example.com/verify?token=Zk3-_9xQ";

fn mailer(url: &str) -> Result<SmtpMailer, MailUrlError> {
    let address = EmailAddress::parse("portal@example.com").unwrap();
    SmtpMailer::from_url(url, Sender { name: "Innkeeper".into(), address }, Arc::new(SystemClock))
}

fn mail(to: &str, message: Message) -> OutgoingMail {
    let to = EmailAddress::parse(to).unwrap();
    OutgoingMail { message_id: "ml_0198@portal.example.com".into(), to, message }
}

fn sign_in(to: &str) -> OutgoingMail {
    mail(to, Message::SignIn { link: LINK.into(), code: "042137".into(), known: true })
}

#[tokio::test]
async fn a_mail_goes_over_starttls_after_a_sign_in() {
    let server = MailServer::start("starttls").await;
    let mailer = mailer(&server.url("smtp", "localhost", PASSWORD)).unwrap();
    mailer.send(&sign_in("jane@acme.example")).await.unwrap();
    let (_, mails) = server.seen().await;
    let [mail] = &mails[..] else { panic!("not one mail: {mails:?}") };
    assert_eq!(mail["tls"], true);
    assert_eq!(mail["user"], "portal");
    assert_eq!((&mail["from"], &mail["to"]), (&json!("portal@example.com"), &json!(["jane@acme.example"])));
    assert_eq!(mail["subject"], "Your sign-in link");
    assert_eq!(mail["fromHeader"], "\"Innkeeper\" <portal@example.com>");
    assert_eq!(mail["toHeader"], "jane@acme.example");
    assert_eq!(mail["messageId"], "<ml_0198@portal.example.com>");
    assert_eq!(mail["attachments"], 0);
    let [text, html] = ["text", "html"].map(|part| mail[part].as_str().unwrap());
    assert!(text.contains("\n042137\n") && text.contains(&format!("\n{LINK}\n")), "{text}");
    assert!(html.contains(">042137<") && html.contains(&format!("href=\"{LINK}\"")), "{html}");
}

#[tokio::test]
async fn a_mail_goes_over_tls_from_the_start_and_twice_has_the_same_id() {
    let server = MailServer::start("tls").await;
    let url = format!("{}&from=other@example.com", server.url("smtps", "localhost", PASSWORD));
    let mailer = mailer(&url).unwrap();
    for _ in 0..2 {
        mailer.send(&sign_in("jane@acme.example")).await.unwrap();
    }
    let (_, mails) = server.seen().await;
    assert_eq!(mails.len(), 2);
    assert!(mails.iter().all(|mail| mail["tls"] == true && mail["from"] == "other@example.com"));
    assert_eq!(mails[0]["messageId"], mails[1]["messageId"]);
}

#[tokio::test]
async fn hostile_texts_reach_one_recipient_under_one_set_of_headers() {
    let server = MailServer::start("starttls").await;
    let mailer = mailer(&server.url("smtp", "localhost", PASSWORD)).unwrap();
    let text = "Zoë <b>山田</b>\r\n.\r\nBcc: eve@evil.example\r\n\r\n--part";
    let revealed = Message::CredentialsRevealed {
        tenant: text.into(),
        person: text.into(),
        address: text.into(),
        at: text.into(),
        link: LINK.into(),
    };
    mailer.send(&mail("jane@acme.example", revealed)).await.unwrap();
    let (_, mails) = server.seen().await;
    let [mail] = &mails[..] else { panic!("not one mail: {mails:?}") };
    assert_eq!(mail["to"], json!(["jane@acme.example"]));
    let headers =
        ["message-id", "date", "from", "to", "subject", "auto-submitted", "mime-version", "content-type"];
    assert_eq!(mail["headers"], json!(headers));
    let shown = "Zoë <b>山田</b> . Bcc: eve@evil.example --part";
    assert_eq!(mail["subject"], format!("Credentials for {shown} were viewed"));
    assert!(mail["text"].as_str().unwrap().contains("\nWho: Zoë <b>山田</b>"));
    assert!(!mail["html"].as_str().unwrap().contains("<b>"));
}

#[tokio::test]
async fn a_wrong_password_is_told_but_not_shown_and_the_mail_waits() {
    let server = MailServer::start("starttls").await;
    let mailer = mailer(&server.url("smtp", "localhost", "hunter2")).unwrap();
    let error = mailer.send(&sign_in("jane@acme.example")).await.unwrap_err();
    let shown = format!("{error} {error:?} {mailer:?}");
    assert!(matches!(error, MailError::Later(_)), "{shown}");
    assert!(
        shown.contains("check user and password in INNKEEPER_MAIL_URL") && shown.contains("535"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    let (sign_ins, mails) = server.seen().await;
    assert_eq!((sign_ins, mails.len()), (1, 0));
}

#[tokio::test]
async fn a_refusal_for_good_and_one_for_now_are_told_apart() {
    let server = MailServer::start("starttls").await;
    let mailer = mailer(&server.url("smtp", "localhost", PASSWORD)).unwrap();
    let bounced = mailer.send(&sign_in("bounce@acme.example")).await.unwrap_err();
    assert!(
        matches!(&bounced, MailError::Refused(said) if said.contains("(550): no such user")),
        "{bounced}"
    );
    let slow = mailer.send(&sign_in("slow@acme.example")).await.unwrap_err();
    assert!(matches!(&slow, MailError::Later(said) if said.contains("(451): try later")), "{slow}");
    assert_eq!(server.seen().await.1.len(), 0);
}

#[tokio::test]
async fn a_server_that_cannot_prove_its_name_learns_nothing() {
    for (mode, scheme) in [("starttls", "smtp"), ("tls", "smtps")] {
        let server = MailServer::start(mode).await;
        let trusted = server.url(scheme, "localhost", PASSWORD);
        let unknown_ca = trusted.split("?ca=").next().unwrap().to_owned();
        let other_name = server.url(scheme, "127.0.0.1", PASSWORD);
        for (url, why) in [(unknown_ca, "UnknownIssuer"), (other_name, "not valid for name")] {
            let error = mailer(&url).unwrap().send(&sign_in("jane@acme.example")).await.unwrap_err();
            assert!(matches!(&error, MailError::Later(said) if said.contains(why)), "{error}");
        }
        let (sign_ins, mails) = server.seen().await;
        assert_eq!((sign_ins, mails.len()), (0, 0));
        mailer(&trusted).unwrap().send(&sign_in("jane@acme.example")).await.unwrap();
    }
}

#[tokio::test]
async fn nothing_is_sent_in_clear() {
    // This server lets anybody in, and would take user, password and mail without TLS.
    let server = MailServer::start("plain").await;
    let with_password = server.url("smtp", "localhost", PASSWORD);
    let without = with_password.replace(&format!("portal:{PASSWORD}@"), "");
    for url in [with_password, without] {
        let error = mailer(&url).unwrap().send(&sign_in("jane@acme.example")).await.unwrap_err();
        assert!(matches!(&error, MailError::Later(said) if said.contains("STARTTLS")), "{error}");
    }
    let (sign_ins, mails) = server.seen().await;
    assert_eq!((sign_ins, mails.len()), (0, 0));
}

#[tokio::test]
async fn a_server_that_is_gone_or_silent_is_tried_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://127.0.0.1:{}", listener.local_addr().unwrap().port());
    // Connections are taken by the kernel, and nobody answers.
    let silent = mailer(&url).unwrap().with_deadline(Duration::from_millis(200));
    let error = silent.send(&sign_in("jane@acme.example")).await.unwrap_err();
    assert!(matches!(&error, MailError::Later(said) if said.contains("within 0.2 seconds")), "{error}");
    drop(listener);
    let error = mailer(&url).unwrap().send(&sign_in("jane@acme.example")).await.unwrap_err();
    assert!(matches!(&error, MailError::Later(said) if said.contains("refused")), "{error}");
}

#[tokio::test]
async fn a_certificate_file_must_hold_a_certificate() {
    let server = MailServer::start("starttls").await;
    let url = server.url("smtp", "localhost", PASSWORD);
    let error = mailer(&url.replace("ca.pem", "none.pem")).unwrap_err();
    assert!(
        matches!(&error, MailUrlError::CaFile { .. }) && error.to_string().contains("none.pem"),
        "{error}"
    );
    // A key is PEM too, but no certificate.
    let error = mailer(&url.replace("ca.pem", "key.pem")).unwrap_err();
    assert!(matches!(&error, MailUrlError::CaContent { .. }), "{error}");
}
