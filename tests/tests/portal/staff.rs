//! Staff: by a link of whoever has the machine, by a group of one of the operator's providers, and by nothing else.

use innkeeper_tests::{
    Options, Page, Person, Portal,
    access::{Place, pages},
    issuer::{CLIENT, CLIENT_SECRET, Issuer, Play},
    tenant::{run, texts},
};
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write as _, fs};

/// The links that a text holds.
fn links(text: &str) -> Vec<String> {
    let words = text.split_whitespace().filter(|word| word.contains("/staff/claim?token="));
    words.map(|link| link[link.find("/staff").unwrap()..].to_owned()).collect()
}

/// Asks the program; whether it did what was asked, and what it says.
async fn ask(portal: &Portal, arguments: &[&str]) -> (bool, String) {
    let output = portal.run(&[&["staff"], arguments].concat()).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

/// A page without what differs from one answer to the next.
fn plain(page: &Page) -> (u16, BTreeMap<String, String>, String) {
    let mut headers = page.headers.clone();
    headers.remove("date");
    (page.status, headers, page.text().replace(&page.support_number(), ""))
}

/// For this person the page is as little there as one that never was.
async fn is_nothing_to(person: &Person) {
    let nothing = person.get("/no-such-page").await;
    nothing.is_problem(404);
    let organisation = format!("or_{:032}", 1);
    let staff = pages("/staff", &[("organisation", &organisation), ("domain", "acme_example")]);
    for path in staff.into_iter().filter(Place::is_of_staff).map(|place| place.path) {
        for query in ["", "?search=a", "?after=x"] {
            assert_eq!(plain(&person.get(&format!("{path}{query}")).await), plain(&nothing), "{path}");
        }
    }
}

#[tokio::test]
async fn a_link_of_the_machine_makes_one_person_staff() {
    let mut portal = Portal::start(Options::default()).await;
    let printed = links(&portal.log());
    portal.stop().await;
    portal.restart().await;
    assert_eq!((printed.len(), links(&portal.log()).len()), (1, 1), "printed once over two starts");
    let link = &printed[0];

    let (jane, joe) = (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "joe@acme.example"));
    let early = jane.open(link).await;
    assert_eq!(early.html().heading(), "Sign in first");
    assert_eq!((early.header("referrer-policy"), early.header("cache-control")), ("no-referrer", "no-store"));
    is_nothing_to(&jane).await;
    jane.sign_up(&portal).await;
    joe.sign_up(&portal).await;
    for person in [&jane, &joe] {
        is_nothing_to(person).await;
        assert!(!person.open("/account").await.text().contains("href=\"/staff\""));
    }
    for _ in 0..3 {
        assert!(joe.open(link).await.has_form("/do/staff-claim"), "looking uses nothing up");
    }
    let form = jane.form(link, "/do/staff-claim").await;
    let joes = joe.form(link, "/do/staff-claim").await;
    let cookie = jane.open("/account").await.headers.contains_key("set-cookie");
    let answer = jane.press(&form).await;
    assert_eq!(answer.leads_to(), "/staff");
    assert!(
        !cookie && answer.header("set-cookie").starts_with("innkeeper="),
        "a new cookie with the new role"
    );
    let page = jane.open("/staff").await;
    let text = page.html().text();
    assert!(text.contains("You are now staff") && text.contains("jane@acme.example"), "{text}");
    assert!(text.contains("Approver (invite link)"), "{text}");
    assert!(jane.open("/account").await.text().contains("href=\"/staff\""));
    is_nothing_to(&joe).await;

    // An hour without use ends it, and the browser starts anew with its very next page.
    let idle = "update session set last_seen_at = now() - interval '61 minutes' where account_id is not null";
    run(&mut portal.control().await, idle).await;
    jane.sign_in(&portal).await;
    jane.open("/staff").await;

    // Used, too late and never made are one.
    assert!(joe.press(&joes).await.leads_to().starts_with("/staff/claim?token="));
    let (done, said) = ask(&portal, &["add", "--role", "viewer"]).await;
    let late = links(&said).pop().unwrap();
    assert!(
        done && said.contains("gets the staff role viewer")
            && joe.open(&late).await.has_form("/do/staff-claim"),
        "{said}"
    );
    run(&mut portal.control().await, "update staff_claim set expires_at = now()").await;
    let unknown = "/staff/claim?token=x";
    let dead: Vec<_> = [link.as_str(), &late, unknown, "/staff/claim"].into_iter().collect();
    let wanted = joe.open(unknown).await;
    assert!(wanted.html().text().contains("innkeeper staff add"));
    for path in dead {
        assert_eq!(joe.open(path).await.text(), wanted.text(), "{path}");
    }
    let token = |link: &str| link.split('=').nth(1).unwrap().to_owned();
    let logged = fs::read_to_string(portal.folder().join("stderr.log")).unwrap();
    assert!(
        logged.contains("/staff/claim")
            && ![token(link), token(&late)].iter().any(|one| logged.contains(one))
    );

    the_operator_sees_and_removes(&portal, &jane).await;
    is_nothing_to(&jane).await;
    let deeds = "select action from audit_event where action like 'staff.%' order by position";
    assert_eq!(
        texts(&mut portal.control().await, deeds).await,
        ["staff.link", "staff.claim", "staff.link", "staff.remove"]
    );
}

async fn the_operator_sees_and_removes(portal: &Portal, jane: &Person) {
    let (done, said) = ask(portal, &["list", "--json"]).await;
    let all: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    assert!(done && all.len() == 1, "{said}");
    assert_eq!(
        (&all[0]["address"], &all[0]["roles"]),
        (&json!("jane@acme.example"), &json!([["approver", null]]))
    );
    for who in ["joe@acme.example", "ac_1", "", "jane"] {
        let (done, said) = ask(portal, &["remove", who]).await;
        assert!(!done && said.contains("no staff member"), "{who}: {said}");
    }
    let (done, said) = ask(portal, &["add", "--role", "owner"]).await;
    assert!(!done && said.contains("the roles are approver, operator, viewer"), "{said}");
    jane.open("/staff").await;
    let (done, said) = ask(portal, &["remove", all[0]["account"].as_str().unwrap()]).await;
    assert!(done && said.contains("no longer has a staff role"), "{said}");
    assert_eq!(jane.get("/account").await.status, 303, "signed out");
    let (done, said) = ask(portal, &["list"]).await;
    assert!(done && said.starts_with("There are no staff members."), "{said}");
    jane.sign_in(portal).await;
}

#[tokio::test]
async fn only_a_group_of_a_provider_that_has_groups_of_staff_counts() {
    let issuer = Issuer::start().await;
    let mut configuration = String::new();
    for (name, more) in [("sso", "staff_groups = { operator = [\"db-team\"] }\n"), ("plain", "")] {
        let address = issuer.address(name);
        write!(
            configuration,
            "[[identity.provider]]\nid = {name:?}\nkind = \"oidc\"\nissuer = {address:?}\nlabel = {name:?}\n\
             client_id = {CLIENT:?}\nclient_secret = {CLIENT_SECRET:?}\n{more}"
        )
        .unwrap();
    }
    let mut portal = Portal::prepare(&Options::default());
    fs::write(portal.folder().join("innkeeper.toml"), configuration).unwrap();
    portal.restart().await;
    assert_eq!(links(&portal.log()), Vec::<String>::new(), "the first comes by a group");
    let shown = portal.run(&["config", "check"]).await.stdout;
    assert!(String::from_utf8_lossy(&shown).contains(", staff: db-team = operator"));

    let sign_in = async |name: &str, groups: serde_json::Value| {
        let mut play = Play::good(&issuer.address(name), issuer.keys());
        // Whatever else it says, only the groups of this one count.
        for (claim, value) in [
            ("groups", groups),
            ("roles", json!(["db-team", "approver", "operator"])),
            ("staff", json!(true)),
            ("staff_groups", json!({ "approver": ["customers"] })),
        ] {
            play.claims[claim] = value;
        }
        issuer.say(name, play);
        let jane = Person::new(&portal, "jane@acme.example");
        let sent = jane.get(&format!("/sign-in/{name}?return=/t")).await.leads_to();
        assert_eq!(jane.get(&issuer.sign_in(name, &sent)).await.leads_to(), "/t");
        jane
    };
    is_nothing_to(&sign_in("plain", json!(["db-team"])).await).await;
    for forged in [json!(["customers"]), json!([["db-team"]]), json!({ "db-team": true }), json!(null)] {
        is_nothing_to(&sign_in("sso", forged).await).await;
    }
    let jane = sign_in("sso", json!(["customers", "db-team"])).await;
    let text = jane.open("/staff").await.html().text();
    assert!(text.contains("Operator (group of sso)") && text.contains("1 person"), "{text}");
    is_nothing_to(&sign_in("plain", json!(["db-team"])).await).await;
    jane.open("/staff").await;
    let left = sign_in("sso", json!(["customers"])).await;
    is_nothing_to(&left).await;
    is_nothing_to(&jane).await;
}
