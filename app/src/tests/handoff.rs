//! What is on the credentials page is exactly what is to be copied.

use super::{html, samples, text_of};
use crate::pages::tenant::handoff::handoff_view;
use innkeeper_domain::{
    connection::Format,
    handoff::HandoffState,
    tenant::{TenantRole, TenantState},
};
use innkeeper_service::tenants::handoff::HandoffView;

fn open_page() -> String {
    html(|| {
        let tenant = samples::tenant(TenantState::Active, Some(HandoffState::Open));
        handoff_view(
            tenant,
            HandoffView::Open(Box::new(samples::open_handoff())),
            "jane@acme.example".into(),
            true,
            "https://portal.example".into(),
        )
    })
}

#[test]
fn the_certificate_is_saved_by_one_command() {
    let command = "mkdir -p ~/.postgresql && ca=$(curl -fsS https://portal.example/ca.crt) && \
                   printf '\\n%s\\n' \"$ca\" >> ~/.postgresql/root.crt";
    let page = open_page();
    assert_eq!(text_of(&page, "id=\"save-ca\""), command);
    for said in ["For Linux and macOS.", r"%APPDATA%\postgresql\root.crt", "sslmode=require"] {
        assert!(page.contains(said), "{said} not in {page}");
    }
}

#[test]
fn each_format_stands_once_as_it_is_to_be_copied() {
    let (page, credentials) = (open_page(), samples::open_handoff().credentials);
    for format in Format::ALL {
        let mark = format!("data-format=\"{}\"", format.as_str());
        let others = if *format == Format::Uri { 2 } else { 0 };
        assert_eq!(page.matches(&mark).count(), 1 + others, "{mark}");
        let mark = format!("id=\"as-{}\" {mark}>", format.as_str());
        assert_eq!(text_of(&page, &mark), credentials.write(*format, TenantRole::App), "{mark}");
    }
    for role in [TenantRole::Owner, TenantRole::ReadOnly] {
        let mark = format!("data-format=\"uri\" data-role=\"{}\"", role.as_str());
        assert_eq!(page.matches(&mark).count(), 1, "{mark}");
        assert_eq!(text_of(&page, &mark), credentials.uri(role), "{mark}");
    }
    assert!(!page.contains("data-role=\"app\""));
}

#[test]
fn the_three_passwords_can_be_copied_and_the_bundle_is_a_form() {
    let (page, credentials) = (open_page(), samples::open_handoff().credentials);
    for (role, password) in credentials.passwords.iter() {
        assert_eq!(text_of(&page, &format!("<code id=\"password-{}\"", role.as_str())), password.expose());
        assert_eq!(
            text_of(&page, &format!("<code id=\"user-{}\"", role.as_str())),
            credentials.tenant.role(role)
        );
    }
    let with_passwords = "these passwords in .env, pg_service.conf and credentials.json.";
    assert!(page.contains(with_passwords), "{page}");
    let form = "<form method=\"post\" action=\"/t/shop_k3v9x2/handoff/bundle\" class=\"push\">\
                <input type=\"hidden\" name=\"csrf\" value=\"token-of-the-test\">";
    assert!(page.contains(form), "{page}");
    assert!(
        page.contains(">I have saved them</button>") && page.contains("data-until=\"2026-11-21T01:35:12Z\"")
    );
}

#[test]
fn only_the_open_state_holds_a_secret() {
    let at = samples::NOW;
    let states = [
        (HandoffView::NotReady, "No credentials available"),
        (HandoffView::Renewing, "being reset"),
        (HandoffView::Sealed { until: at, fresh: true }, ">View credentials</button>"),
        (HandoffView::Sealed { until: at, fresh: false }, "href=\"/sign-in?return=/t/shop_k3v9x2/handoff\""),
        (HandoffView::NotYours { addressed_to: samples::EVIL.into() }, "for somebody else"),
        (HandoffView::OpenElsewhere { at, until: at, from: None }, ">Reset passwords</button>"),
        (HandoffView::Confirmed { at }, ">Reset passwords</button>"),
        (HandoffView::Lapsed { opened_at: at, from: None }, ">Reset passwords</button>"),
        (HandoffView::Expired { at }, ">Reset passwords</button>"),
        (HandoffView::NotRenewed, ">Reset passwords</button>"),
        (HandoffView::Revoked, ">Reset passwords</button>"),
    ];
    for (view, expected) in states {
        let page = html(move || {
            handoff_view(
                samples::tenant(TenantState::Active, None),
                view,
                "jane@acme.example".into(),
                true,
                samples::EVIL.into(),
            )
        });
        assert!(page.contains(expected), "{expected} not in {page}");
        assert!(!page.contains("data-format") && !page.contains("password-app"), "{page}");
        super::pages::sound(&page);
    }
    let stale = html(|| {
        let view = HandoffView::Expired { at: samples::NOW };
        handoff_view(
            samples::tenant(TenantState::Active, None),
            view,
            "jane@acme.example".into(),
            false,
            samples::EVIL.into(),
        )
    });
    assert!(
        !stale.contains("</button>") && stale.contains("/sign-in?return=/t/shop_k3v9x2/handoff"),
        "{stale}"
    );
}
