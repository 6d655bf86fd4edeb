use super::*;
use crate::{
    name::{TenantName, Wish},
    system::Random,
};
use proptest::prelude::*;

/// A page of this pattern, with these values in its braces in turn.
fn page_of(pattern: &str, values: &[String]) -> Page {
    let mut values = values.iter().cycle();
    let encode = |value: &String| value.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let path: Vec<_> = pattern
        .split('/')
        .map(|part| if part.starts_with('{') { encode(values.next().unwrap()) } else { part.into() })
        .collect();
    Page::parse(&path.join("/")).unwrap()
}

#[test]
fn no_pattern_hides_another() {
    for (n, pattern) in Page::PATTERNS.iter().enumerate() {
        assert!(!Page::PATTERNS[..n].contains(pattern), "{pattern} twice");
        assert_eq!(page_of(pattern, &["shop".into()]).pattern(), *pattern);
    }
}

#[test]
fn names_stand_where_their_own_kind_is_meant() {
    struct Zeros;
    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }
    let name = TenantName::draw(&Wish::parse("shop").unwrap(), &Zeros);
    assert_eq!(Page::Handoff((&name).into()).to_string(), format!("/t/{name}/handoff"));
    assert_eq!(Page::Handoff("shop_k3v9x2".into()).to_string(), "/t/shop_k3v9x2/handoff");
    assert_eq!(Page::parse("/t/shop_k3v9x2/handoff"), Some(Page::Handoff("shop_k3v9x2".into())));
    assert_eq!(Page::parse("/assets/a/b.css"), Some(Page::Asset("a/b.css".into())));
    assert_eq!(Page::Asset("a/b.css".into()).to_string(), "/assets/a/b.css");
    assert_eq!(Page::parse("/sign-in/passkey"), Some(Page::Passkey));
    assert_eq!(Page::Account.absolute("https://portal.example"), "https://portal.example/account");
}

#[test]
fn what_has_no_page_is_none() {
    for bad in [
        "",
        "//",
        "/t/",
        "/t//handoff",
        "/help/",
        "/T",
        "/verify/x",
        "/verify?token=x",
        "/t/a?b",
        "/t/%ff",
        "/assets/",
        "/do/a/b",
        "/api/v1",
        "help",
    ] {
        assert_eq!(Page::parse(bad), None, "{bad:?}");
    }
}

#[test]
fn queries_are_encoded() {
    assert_eq!(with_query("/a?b=c", "d", "x&y=z#ü"), "/a?b=c&d=x%26y%3Dz%23%C3%BC");
    let link = Page::SignIn.with("return", "/t/shop_k3v9x2").with("way", "a b");
    assert_eq!(link.to_string(), "/sign-in?return=/t/shop_k3v9x2&way=a%20b");
    assert_eq!(format!("{:?}", Page::Verify.with("token", "secret")), "/verify");
    assert_eq!(link.absolute("https://portal.example").matches("https").count(), 1);
}

#[test]
fn pages_with_secrets_are_known() {
    let secret: Vec<_> = Page::PATTERNS
        .iter()
        .filter(|pattern| page_of(pattern, &["shop".into()]).is_secret())
        .copied()
        .collect();
    assert_eq!(
        secret,
        [
            "/verify",
            "/t/{name}/handoff",
            "/t/{name}/handoff/bundle",
            "/staff/claim",
            "/dev/mailbox",
            "/dev/mailbox/{file}"
        ]
    );
}

proptest! {
    #[test]
    fn a_page_is_read_as_it_was_written(n in 0..Page::PATTERNS.len(), values in ["\\PC{1,12}", ".{1,12}"]) {
        let page = page_of(Page::PATTERNS[n], &values);
        prop_assume!(values.iter().all(|value| value != "passkey"));
        let path = page.to_string();
        prop_assert!(path.bytes().all(|byte| byte.is_ascii_graphic()), "{}", path);
        prop_assert_eq!(page.pattern(), Page::PATTERNS[n]);
        prop_assert!(page.values().iter().zip(&values).all(|(held, value)| held == value));
        prop_assert_eq!(Page::parse(&path), Some(page));
    }

    #[test]
    fn whatever_is_asked_for_has_a_path_of_its_own_shape(path in "(/[a-z%./?#]{0,9}){0,6}") {
        if let Some(page) = Page::parse(&path) {
            prop_assert_eq!(Page::parse(&page.to_string()), Some(page));
        }
    }
}
