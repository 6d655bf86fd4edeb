//! The pages of somebody's own account.

use super::{Make, filled, question};
use crate::{
    pages::account::{
        methods::MailboxForm,
        overview::{Around, account_view},
        passkey::{AddPasskeyForm, add_passkey_view},
    },
    tests::samples::{EVIL, NOW},
};
use innkeeper_domain::{
    identity::Reason,
    ids::{IdentityId, SessionId},
};
use innkeeper_service::sign_in::account::{AccountView, SessionLine, Way};
use uuid::Uuid;

fn account() -> AccountView {
    let way = |id, provider: &str, here| Way {
        id: IdentityId(Uuid::from_u128(id)),
        provider: provider.into(),
        label: (provider != "mail").then(|| EVIL.into()),
        called: EVIL.into(),
        added: NOW,
        used: NOW,
        here,
        only: false,
    };
    let session = |id, agent: Option<&str>, here| SessionLine {
        id: SessionId(Uuid::from_u128(id)),
        agent: agent.map(str::to_owned),
        address: Some([203, 0, 113, 7].into()),
        provider: EVIL.into(),
        since: NOW,
        seen: NOW,
        here,
    };
    AccountView {
        email: EVIL.into(),
        name: Some(EVIL.into()),
        ways: vec![way(1, "mail", true), way(2, EVIL, false)],
        sessions: vec![session(3, Some(EVIL), true), session(4, None, false)],
        partly: true,
    }
}

/// The pages.
pub fn all() -> Vec<(&'static str, Make)> {
    vec![
        (
            "account",
            Box::new(|| {
                account_view(
                    account(),
                    Around {
                        more: vec![(EVIL.into(), "/sign-in/acme".into())],
                        passkeys: true,
                        fresh: true,
                        refused: Some((EVIL.into(), Reason::Taken)),
                        mistake: Some(("Nothing was removed", EVIL.into())),
                        mailbox: filled(MailboxForm { email: EVIL.into() }, Some("email")),
                    },
                )
            }),
        ),
        (
            "add a passkey",
            Box::new(|| {
                let form = AddPasskeyForm { name: EVIL.into(), ..AddPasskeyForm::default() };
                add_passkey_view(filled(form, Some("name")), Some(question()))
            }),
        ),
        (
            "add a passkey, too late",
            Box::new(|| add_passkey_view(filled(AddPasskeyForm::default(), None), None)),
        ),
    ]
}
