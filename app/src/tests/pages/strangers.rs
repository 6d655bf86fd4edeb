//! The pages of who is not signed in yet, and of who has just signed out.

use super::{Make, filled, question};
use crate::{
    pages::{
        account::signed_out::signed_out_view,
        help::help_view,
        landing::landing_view,
        mailbox::{mail_view, mailbox_view},
        others::Others,
        passkey::passkey_view,
        sign_in::{SignInForm, sign_in_view},
        sign_up::{SignUpForm, sign_up_view},
        verify::{VerifyForm, verify_view},
    },
    tests::{
        html,
        samples::{EVIL, NOW},
    },
};
use innkeeper_domain::{
    identity::Reason,
    ports::{MailboxEntry, MailboxMail},
};
use innkeeper_service::sign_in::email::Pending;

fn mails() -> Vec<MailboxEntry> {
    vec![MailboxEntry { file: "a.eml".into(), to: EVIL.into(), subject: EVIL.into(), at: NOW }]
}

fn mail() -> MailboxMail {
    MailboxMail { subject: EVIL.into(), to: EVIL.into(), text: EVIL.into(), html: None, raw: String::new() }
}

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    let mut all: Vec<(&'static str, Make)> = vec![
        ("landing", Box::new(|| landing_view(Some("help@acme.example".into())))),
        ("help", Box::new(|| help_view(None, EVIL))),
        ("sign-up", Box::new(|| sign_up_view(filled(SignUpForm::default(), None), None, Others::default()))),
        (
            "sign-up again",
            Box::new(|| {
                sign_up_view(
                    filled(SignUpForm { email: EVIL.into() }, Some("email")),
                    Some(EVIL.into()),
                    Others { ways: vec![(EVIL.into(), "/sign-in/acme".into())], ..Others::default() },
                )
            }),
        ),
        (
            "sign-in",
            Box::new(|| {
                sign_in_view(
                    filled(
                        SignInForm { email: EVIL.into(), return_to: EVIL.into(), by_mail: EVIL.into() },
                        Some("email"),
                    ),
                    true,
                    Others {
                        ways: vec![(EVIL.into(), "/sign-in/acme".into())],
                        passkey: Some(EVIL.into()),
                        refused: Some((EVIL.into(), Reason::Signature)),
                    },
                )
            }),
        ),
        ("passkey", Box::new(|| passkey_view(question(), false))),
        ("passkey again", Box::new(|| passkey_view(question(), true))),
        ("signed out", Box::new(|| signed_out_view(EVIL.into(), Some("/sign-in/acme/out".into())))),
        ("mailbox", Box::new(|| mailbox_view(mails()))),
        ("mailbox empty", Box::new(|| mailbox_view(vec![]))),
        ("mail", Box::new(|| mail_view(mail()))),
    ];
    let pending = [
        Pending::Nothing,
        Pending::Press { email: EVIL.into() },
        Pending::Code { email: Some(EVIL.into()) },
        Pending::Adding { email: EVIL.into(), press: true },
        Pending::Adding { email: EVIL.into(), press: false },
        Pending::AddingElsewhere,
        Pending::AddingOver,
        Pending::Code { email: None },
        Pending::Expired { email: Some(EVIL.into()) },
        Pending::Used { at: NOW, from: None, by_you: true },
    ];
    for pending in pending {
        all.push((
            "verify",
            Box::new(move || verify_view(filled(VerifyForm::default(), None), pending, EVIL.into(), true)),
        ));
    }
    all
}

#[test]
fn a_code_is_never_shown_again() {
    let page = html(|| {
        let form =
            VerifyForm { code: crate::web::Secret("424242".into()), token: crate::web::Secret("t".into()) };
        verify_view(filled(form, Some("code")), Pending::Code { email: None }, "the-token".into(), false)
    });
    assert!(!page.contains("424242"), "{page}");
    assert!(
        page.contains("name=\"token\" value=\"the-token\"") && page.contains("inputmode=\"numeric\""),
        "{page}"
    );
    assert!(
        page.contains("autocomplete=\"one-time-code\"") && page.contains(">Verify e-mail</button>"),
        "{page}"
    );
}
