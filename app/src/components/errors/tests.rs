use super::sentence;
use innkeeper_domain::{
    allowlist::{RangeError, ReachError},
    email::EmailError,
    identity::GitHubLoginError,
    ids::{AccountId, OrganisationId},
    name::{TenantName, Wish, WishError},
    organisation::{MailDomain, MailDomainError, OrganisationName},
    organisation_slug::{OrganisationSlug, SlugError},
    text::LineError,
};
use innkeeper_service::context::field_error::{
    ErrorCode, Field, FoundOrganisation, InputCode, OrganisationCode, SignInCode, TenantCode,
};
use std::collections::BTreeSet;
use uuid::Uuid;

/// One of each code, beside a field that it is raised for.
fn all() -> Vec<(Field, ErrorCode)> {
    let domain = || MailDomain::parse("acme.example").unwrap();
    let organisation = || OrganisationName::parse("Acme").unwrap();
    let input = [
        (Field::Reason, InputCode::Line(LineError::Empty)),
        (Field::Email, InputCode::Email(EmailError::Empty)),
        (Field::Slug, InputCode::Slug(SlugError::Reserved("staff".into()))),
        (Field::Database, InputCode::DatabaseName(WishError::Empty)),
        (
            Field::Addresses,
            InputCode::Addresses(ReachError::Line { line: 2, error: RangeError::Form("x".into()) }),
        ),
        (Field::Login, InputCode::GitHubLogin(GitHubLoginError)),
        (Field::Domain, InputCode::MailDomain(MailDomainError)),
        (Field::Plan, InputCode::UnknownChoice),
        (Field::Addresses, InputCode::TooLong { most: 6000 }),
        (Field::TrustedAudiences, InputCode::TooMany { most: 20 }),
        (Field::Addresses, InputCode::FormTooLong),
        (Field::Passkey, InputCode::LimitReached { most: 10 }),
    ];
    let sign_in = [
        SignInCode::CodeMissing,
        SignInCode::CodeMalformed,
        SignInCode::CodeTooLong,
        SignInCode::WrongCode { tries_left: 2 },
        SignInCode::CodesLocked,
        SignInCode::SignsInElsewhere { label: "Acme SSO".into() },
        SignInCode::LastMethod,
        SignInCode::OrganisationSignIn,
        SignInCode::ClosedMethod { organisation: "Acme".into() },
        SignInCode::NoAdminLeft { organisation: "Acme".into() },
        SignInCode::SeveralAccounts { ids: vec![AccountId(Uuid::nil())] },
    ];
    let found = FoundOrganisation { id: OrganisationId(Uuid::nil()), databases: 1, enforced: true };
    let organisations = [
        OrganisationCode::SlugTaken { slug: OrganisationSlug::parse("acme").unwrap() },
        OrganisationCode::SlugChanged { slug: "acme".into() },
        OrganisationCode::SlugChangedTooOften { most: 5 },
        OrganisationCode::DomainTaken { domain: domain() },
        OrganisationCode::DnsAway { domain: domain() },
        OrganisationCode::LastProvenDomain,
        OrganisationCode::IssuerRefused { found: "no https".into() },
        OrganisationCode::SharedIssuer,
        OrganisationCode::InvalidClientSecret,
        OrganisationCode::LocksEverybodyOut,
        OrganisationCode::OwnMethodCloses,
        OrganisationCode::DomainNeeded,
        OrganisationCode::TestedWithoutAdmin,
        OrganisationCode::TestNeeded,
        OrganisationCode::NotLinked,
        OrganisationCode::SeveralOrganisations { found: vec![found], total: 22 },
    ];
    let tenants = [
        TenantCode::NoRoom(crate::tests::samples::short()),
        TenantCode::NameTaken { name: Wish::parse("shop").unwrap(), free: "shop_2".into() },
        TenantCode::JoinedOrganisation { organisation: organisation() },
        TenantCode::AdminsOnly { organisation: organisation() },
        TenantCode::OtherOrganisation,
        TenantCode::NotConfirmed { name: TenantName::parse("shop_k3v9x2").unwrap() },
        TenantCode::SamePlan { plan: "Starter".into() },
        TenantCode::DataTooLarge { plan: "Starter".into(), stored_gb: 51, most_gb: 10 },
    ];
    let mut all: Vec<_> = input.into_iter().map(|(field, code)| (field, code.into())).collect();
    all.extend(sign_in.map(|code| (Field::SignInMethod, code.into())));
    all.extend(organisations.map(|code| (Field::Organisation, code.into())));
    all.extend(tenants.map(|code| (Field::Database, code.into())));
    all
}

#[test]
fn each_code_is_one_of_its_own_and_has_words_that_say_what_to_do() {
    let codes: BTreeSet<_> = all().iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes.len(), all().len(), "a code twice in {codes:?}");
    for (field, code) in all() {
        let (name, words) = (code.as_str(), sentence(field, &code));
        assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        assert!(words.len() > 20 && !words.contains(name), "{name}: {words}");
        for debug in ["{", "Some(", "Code::", "Error"] {
            assert!(!words.contains(debug), "{name}: {words}");
        }
    }
}

#[test]
fn the_words_name_what_the_field_asks_for() {
    let say = |field, code: InputCode| sentence(field, &code.into());
    let empty = || InputCode::Line(LineError::Empty);
    assert_eq!(say(Field::Organisation, empty()), "Enter the name of your organisation.");
    assert_eq!(say(Field::Name, empty()), "Enter a name for it.");
    let full = |most| InputCode::LimitReached { most };
    assert_eq!(
        say(Field::Domain, full(20)),
        "An organisation can have 20 e-mail domains at most. Remove one first."
    );
    assert_eq!(say(Field::Passkey, full(10)), "An account can have 10 passkeys at most. Remove one first.");
    let tries = |tries_left| sentence(Field::Code, &SignInCode::WrongCode { tries_left }.into());
    assert!(tries(0).contains("last attempt") && tries(1).contains("1 attempt left"));
    assert!(tries(4).contains("4 attempts left"));
}

#[test]
fn several_organisations_are_listed_for_the_operator() {
    let found = |n, databases, enforced| FoundOrganisation {
        id: OrganisationId(Uuid::from_u128(n)),
        databases,
        enforced,
    };
    let both = vec![found(1, 1, true), found(2, 0, false)];
    let one = found(1, 1, true).id;
    let words = sentence(
        Field::Organisation,
        &OrganisationCode::SeveralOrganisations { found: both, total: 4 }.into(),
    );
    assert!(words.starts_with("4 organisations") && words.ends_with("and 2 more"), "{words}");
    assert!(words.contains(&format!("{one}  1 database, SSO is required")), "{words}");
    assert!(words.contains("0 databases, all sign-in methods are allowed"), "{words}");
}
