//! Every page with hostile texts in every place, and what all pages have in common.

use super::{
    html,
    samples::{self, EVIL, NOW},
};
use crate::{
    pages::{
        account::{
            overview::{Around, account_view},
            passkey::{AddPasskeyForm, add_passkey_view},
            signed_out::signed_out_view,
            ways::MailboxForm,
        },
        help::help_view,
        landing::landing_view,
        mailbox::{mail_view, mailbox_view},
        others::Others,
        passkey::passkey_view,
        sign_in::{SignInForm, sign_in_view},
        sign_up::{SignUpForm, sign_up_view},
        staff::{claim, domains::domains_view, people},
        tenant::{
            connect::connect_view, handoff::handoff_view, overview::overview_view, runs::runs_view,
            setup::setup_view,
        },
        tenants::{Asked, tenants_view},
        verify::{VerifyForm, verify_view},
        wizard::{check::check_view, database::database_view},
    },
    web::{Filled, Mistakes},
};
use innkeeper_domain::{
    allowlist::AllowedRange,
    handoff::HandoffState,
    identity::Reason,
    ids::{AccountId, IdentityId, OrganisationId, RequestId, SessionId},
    name::Wish,
    organisation::{MailDomain, OrganisationName},
    plan::Extension,
    ports::{MailboxEntry, MailboxMail},
    run::RunState,
    staff::StaffRole,
    tenant::{TenantRole, TenantState},
};
use innkeeper_service::{
    account::{AccountView, SessionLine, Way},
    handoff::HandoffView,
    organisation::{Closed, KnownWay, Waiting},
    passkey::Question,
    sign_in::Pending,
    staff::{How, StaffLine, Standing},
    tenants::Page,
    wizard::{Choices, Draft, Proposal, Region},
};
use leptos::prelude::AnyView;
use uuid::Uuid;

/// What every page must hold to: escaped texts, one heading, nothing inline, no id twice.
pub fn sound(page: &str) {
    for raw in ["<script", "<img", "</title>", "</pre></textarea>", " style=", " onclick=", "<!>"] {
        assert!(!page.contains(raw), "{raw} in {page}");
    }
    assert_eq!(page.matches("<h1").count(), 1, "{page}");
    let mut ids: Vec<_> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id twice in {page}");
    for (mark, what) in
        [(" for=\"", "label"), (" aria-labelledby=\"", "name"), (" data-copy-from=\"", "copy button")]
    {
        for id in page.split(mark).skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(ids.contains(&id), "{what} of nothing: {id} in {page}");
        }
    }
    for described in page.split(" aria-describedby=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        assert!(
            described.split(' ').all(|id| ids.contains(&id)),
            "described by nothing: {described} in {page}"
        );
    }
}

pub fn filled<T>(values: T, mistake: Option<&str>) -> Filled<T> {
    let mut mistakes = Mistakes::default();
    if let Some(field) = mistake {
        mistakes.add(field, EVIL);
    }
    Filled { id: "form".into(), values, again: !mistakes.is_empty(), mistakes }
}

fn draft() -> Draft {
    Draft {
        organisation: EVIL.into(),
        database: EVIL.into(),
        plan: EVIL.into(),
        region: EVIL.into(),
        addresses: format!("\n{EVIL}"),
        allow_any: "on".into(),
        extensions: vec!["pgcrypto".into(), EVIL.into()],
    }
}

fn choices() -> Choices {
    let region = |name: &str, full| Region { name: name.into(), label: EVIL.into(), full };
    Choices {
        plans: vec![samples::plan()],
        regions: vec![region("full", Some(EVIL.into())), region("open", None)],
        own: AllowedRange::parse("203.0.113.24").unwrap(),
    }
}

fn proposal() -> Proposal {
    Proposal {
        request: RequestId(Uuid::nil()),
        version: 3,
        organisation: OrganisationName::parse(&EVIL[..70]).unwrap(),
        database: Wish::parse("shop").unwrap(),
        plan: samples::plan(),
        region: Region { name: "a".into(), label: EVIL.into(), full: Some(EVIL.into()) },
        reach: samples::reach(),
        own: AllowedRange::parse("192.0.2.1").unwrap(),
        own_admitted: false,
        extensions: vec![Extension::Citext],
    }
}

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
    }
}

fn member() -> StaffLine {
    let group = |label| How::Group { role: StaffRole::Viewer, provider: EVIL.into(), label };
    StaffLine {
        account: AccountId(Uuid::nil()),
        email: EVIL.into(),
        name: Some(EVIL.into()),
        role: Some(StaffRole::Operator),
        how: vec![group(Some(EVIL.into())), group(None), How::Link(StaffRole::Operator)],
        since: NOW,
        seen: Some(NOW),
    }
}

fn question() -> Question {
    Question { options: EVIL.into(), return_to: EVIL.into() }
}

fn mails() -> Vec<MailboxEntry> {
    vec![MailboxEntry { file: "a.eml".into(), to: EVIL.into(), subject: EVIL.into(), at: NOW }]
}

fn mail() -> MailboxMail {
    MailboxMail { subject: EVIL.into(), to: EVIL.into(), text: EVIL.into(), html: None, raw: String::new() }
}

/// Makes a page.
pub type Make = Box<dyn FnOnce() -> AnyView>;

fn all() -> Vec<(&'static str, Make)> {
    let mut all: Vec<(&'static str, Make)> = vec![
        ("landing", Box::new(|| landing_view(Some("help@acme.example".into())))),
        ("help", Box::new(|| help_view(None))),
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
        ("passkey", Box::new(|| passkey_view(question(), false))),
        ("passkey again", Box::new(|| passkey_view(question(), true))),
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
        (
            "mail domains of the staff",
            Box::new(|| {
                let line = Waiting {
                    organisation: OrganisationId(Uuid::nil()),
                    name: EVIL.into(),
                    domain: MailDomain::parse("acme.example").unwrap(),
                    asked_at: NOW,
                    admins: vec![EVIL.into()],
                };
                domains_view(vec![line], 2, true, true, Some(EVIL.into()))
            }),
        ),
        ("mail domains of the staff, none", Box::new(|| domains_view(vec![], 0, true, false, None))),
        ("signed out", Box::new(|| signed_out_view(EVIL.into(), Some("/sign-in/acme/out".into())))),
        ("database", Box::new(|| database_view("form".into(), draft(), Mistakes::default(), choices()))),
        ("check", Box::new(|| check_view(proposal()))),
        ("mailbox", Box::new(|| mailbox_view(mails()))),
        ("mailbox empty", Box::new(|| mailbox_view(vec![]))),
        ("mail", Box::new(|| mail_view(mail()))),
        (
            "overview",
            Box::new(|| {
                overview_view(
                    samples::tenant(TenantState::Active, Some(HandoffState::Sealed)),
                    Some(samples::usage()),
                )
            }),
        ),
        (
            "overview without figures",
            Box::new(|| overview_view(samples::tenant(TenantState::Suspended, None), None)),
        ),
        ("connect", Box::new(|| connect_view(samples::tenant(TenantState::Active, None), TenantRole::App))),
        (
            "credentials",
            Box::new(|| {
                let view = HandoffView::Open(Box::new(samples::open_handoff()));
                handoff_view(samples::tenant(TenantState::Active, None), view, EVIL.into(), true)
            }),
        ),
    ];
    for field in
        ["organisation", "database", "plan", "region", "addresses", "allow_any", "extensions", "surprise"]
    {
        all.push((
            "database again",
            Box::new(move || {
                let form = filled(draft(), Some(field));
                database_view(form.id, form.values, form.mistakes, choices())
            }),
        ));
    }
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
    for state in [RunState::Running, RunState::Unwinding, RunState::Failed, RunState::Stuck] {
        all.push(("setup", Box::new(move || setup_view(samples::setup(state)))));
    }
    let runs = |count| (0..count).map(|_| samples::setup(RunState::Failed).run).collect::<Vec<_>>();
    for (items, next) in [(runs(0), None), (runs(1), Some(EVIL.to_owned()))] {
        all.push((
            "runs",
            Box::new(move || {
                runs_view(samples::tenant(TenantState::Active, None), Page { total: 12, items, next }, false)
            }),
        ));
    }
    all.extend(super::danger::all());
    for items in [vec![], vec![member(), StaffLine { name: None, role: None, seen: None, ..member() }]] {
        all.push((
            "staff",
            Box::new(move || {
                let asked = people::Asked { search: EVIL.into(), by_address: true, first: false };
                people::staff_view(Page { total: 30, items, next: Some(EVIL.into()) }, &asked)
            }),
        ));
    }
    for standing in [
        Standing::Dead,
        Standing::SignIn,
        Standing::OtherWay,
        Standing::Stale,
        Standing::Open(StaffRole::Approver),
    ] {
        all.push((
            "staff claim",
            Box::new(move || {
                let around = claim::Around { email: Some(EVIL.into()), ways: vec![EVIL.into(), EVIL.into()] };
                claim::claim_view(standing, EVIL.into(), &around)
            }),
        ));
    }
    for items in [vec![], vec![samples::line()]] {
        all.push((
            "tenants",
            Box::new(move || {
                let asked = Asked { search: EVIL.into(), by_name: true, first: false };
                let way = |id: &str| KnownWay { provider: id.into(), label: EVIL.into() };
                let closed = |ways| Closed { organisation: EVIL.into(), ways };
                let closed = vec![closed(vec![way("org-a"), way("mail")]), closed(vec![])];
                tenants_view(Page { total: 30, items, next: Some(EVIL.into()) }, &asked, closed, EVIL)
            }),
        ));
    }
    all
}

#[test]
fn every_page_escapes_every_text_and_holds_together() {
    let all = all();
    assert!(all.len() >= 90, "{}", all.len());
    for (name, make) in all {
        // The name stands in what a failing check prints.
        sound(&format!("{name}: {}", html(make)));
    }
}

#[test]
fn a_refused_form_says_so_and_keeps_what_was_typed() {
    let form = filled(draft(), Some("addresses"));
    let page = html(move || database_view(form.id, form.values, form.mistakes, choices()));
    assert!(page.contains("role=\"alert\"") && page.contains("<a href=\"#addresses\">"), "{page}");
    assert!(page.contains("aria-describedby=\"addresses-hint addresses-error\""), "{page}");
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 1, "{page}");
    assert_eq!(
        super::text_of(&page, "<textarea"),
        format!("\n\n{EVIL}"),
        "one line break belongs to the tag"
    );
    for name in [
        "csrf",
        "form",
        "organisation",
        "database",
        "plan",
        "region",
        "addresses",
        "allow_any",
        "extensions[]",
    ] {
        assert!(page.contains(&format!("name=\"{name}\"")), "{name} in {page}");
    }
    // A full region cannot be chosen; something else is.
    assert!(page.contains("value=\"open\" checked"), "{page}");
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
        page.contains("autocomplete=\"one-time-code\"") && page.contains(">Confirm e-mail</button>"),
        "{page}"
    );
}

#[test]
fn a_run_that_is_over_no_longer_refreshes() {
    let running = html(|| setup_view(samples::setup(RunState::Running)));
    assert!(running.contains("http-equiv=\"refresh\" content=\"3\""), "{running}");
    assert!(running.contains("data-live=\"/t/shop_k3v9x2/events\""), "{running}");
    let failed = html(|| setup_view(samples::setup(RunState::Failed)));
    assert!(!failed.contains("http-equiv") && !failed.contains("data-live"), "{failed}");
    for button in ["Try again", "Start over"] {
        assert!(failed.contains(&format!("{button}</button>")), "{failed}");
    }
    let stuck = html(|| setup_view(samples::setup(RunState::Stuck)));
    assert!(!stuck.contains("Try again</button>") && stuck.contains("OB-7K3M-92QF"), "{stuck}");
}
