//! GitHub, as it answers: what its stand-in of the browser tests does not do.

use super::{CLIENT, CLIENT_SECRET, Page, Person, Portal, start};
use innkeeper_tests::{
    github::{Belongs, GitHub, Someone, required},
    issuer::{Answer, Body},
    tenant::value,
};
use serde_json::{Value, json};

pub(super) fn provider(id: &str, github: &GitHub, secret: &str) -> String {
    let address = github.address();
    format!(
        "[[identity.provider]]\nid = {id:?}\nkind = \"github\"\nlabel = {id:?}\nissuer = {address:?}\n\
         api = \"{address}/api\"\nclient_id = {CLIENT:?}\nclient_secret = {secret:?}\n\
         scopes = [\"read:user\", \"user:email\", \"read:org\"]\n"
    )
}

/// The sign-in of a person in a new browser: the answer to what the browser brings back.
pub(super) async fn sign_in(portal: &Portal, github: &GitHub, someone: &Someone) -> (Person, Page) {
    let browser = Person::new(portal, "");
    let sent = browser.get("/sign-in/github?return=/t").await.leads_to();
    let answer = browser.get(&github.sign_in(&sent, someone)).await;
    (browser, answer)
}

fn refused(reason: &str) -> String {
    format!("/sign-in?provider=github&reason={reason}")
}

const WHOSE: &str = "select string_agg(subject, ' ' order by subject) from identity";

#[tokio::test]
async fn github_says_no_with_status_200_and_names_people_by_number() {
    let github = GitHub::start().await;
    let configuration = provider("github", &github, CLIENT_SECRET) + &provider("wrong", &github, "x");
    let portal = start(&configuration).await;
    let jane = Someone::new(583_231, "jane", "jane@acme.example");

    let (browser, answer) = sign_in(&portal, &github, &jane).await;
    assert_eq!(answer.leads_to(), "/t");
    assert!(browser.open("/account").await.html().text().contains("jane@acme.example"));

    // She gives her name away; whoever takes it is somebody else, and she is still herself.
    let renamed = Someone { login: "jane-doe".into(), ..jane.clone() };
    let taker = Someone::new(77, "jane", "eve@acme.example");
    for (person, numbers) in [(&renamed, "583231"), (&taker, "583231 77")] {
        let (_, answer) = sign_in(&portal, &github, person).await;
        assert_eq!(answer.leads_to(), "/t");
        assert_eq!(value(&mut portal.control().await, WHOSE).await, numbers);
    }

    codes_count_once_and_with_their_own_verifier(&portal, &github, &jane).await;
    what_the_api_does_not_say_lets_nobody_in(&portal, &github).await;
    assert_eq!(value(&mut portal.control().await, WHOSE).await, "583231 77", "nobody came in besides");
}

async fn codes_count_once_and_with_their_own_verifier(portal: &Portal, github: &GitHub, jane: &Someone) {
    // A wrong secret: said with status 200.
    let browser = Person::new(portal, "");
    let sent = browser.get("/sign-in/wrong?return=/t").await.leads_to();
    let answer = browser.get(&github.sign_in(&sent, jane)).await;
    assert_eq!(answer.leads_to(), "/sign-in?provider=wrong&reason=code");
    assert!(
        portal.log().contains("token: incorrect_client_credentials The client_id"),
        "its words are logged"
    );

    // Jane's code in Eve's browser: it was given for another verifier.
    let (hers, eves) = (Person::new(portal, ""), Person::new(portal, ""));
    let back = github.sign_in(&hers.get("/sign-in/github").await.leads_to(), jane);
    let code = part(&back, "code");
    let sent = eves.get("/sign-in/github?return=/t").await.leads_to();
    let answer = eves.get(&callback(&part(&sent, "state"), &code)).await;
    assert_eq!(answer.leads_to(), refused("code"));
    assert_eq!(eves.get("/t").await.status, 303);
    // Nor does it serve Jane any more.
    assert_eq!(hers.get(&back).await.leads_to(), refused("code"));
    assert!(portal.log().contains("token: bad_verification_code"), "its words are logged");
}

fn part(address: &str, name: &str) -> String {
    let query = address.split_once('?').unwrap().1;
    let mut parts = form_urlencoded::parse(query.as_bytes());
    parts.find(|(key, _)| key == name).unwrap().1.into_owned()
}

fn callback(state: &str, code: &str) -> String {
    format!("/sign-in/github/callback?state={state}&code={code}")
}

async fn what_the_api_does_not_say_lets_nobody_in(portal: &Portal, github: &GitHub) {
    let nobody = Someone { addresses: vec![], ..Someone::new(1, "nobody", "") };
    let with = |addresses: &[(&str, bool, bool)]| {
        let own = addresses.iter().map(|(address, first, known)| ((*address).to_owned(), *first, *known));
        Someone { addresses: own.collect(), ..nobody.clone() }
    };
    for person in [
        nobody.clone(),
        with(&[("a@acme.example", true, false)]),
        // Only the first one counts: the others may be long forgotten.
        with(&[("a@acme.example", true, false), ("b@acme.example", false, true)]),
        with(&[("no address", true, true)]),
    ] {
        let (_, answer) = sign_in(portal, github, &person).await;
        assert_eq!(answer.leads_to(), refused("address"), "{:?}", person.addresses);
    }

    let text = |text: &str| Body::Bytes(text.as_bytes().to_vec());
    let ok = |body| Answer { body, ..Answer::json(json!({})) };
    let failing = |status| Answer { status, ..Answer::json(json!({ "message": "no" })) };
    let somebody = Someone::new(2, "somebody", "somebody@acme.example");
    let token = "/login/oauth/access_token";
    for (path, answer, reason) in [
        (token, ok(text("access_token=gho_0&scope=&token_type=bearer")), "code"),
        (token, ok(text("{\"access_token\": 7}")), "code"),
        (token, failing(500), "unreachable"),
        ("/api/user", failing(401), "code"),
        ("/api/user", failing(403), "code"),
        ("/api/user", failing(429), "unreachable"),
        ("/api/user", failing(502), "unreachable"),
        ("/api/user", Answer::json(json!({ "login": "jane", "name": null })), "form"),
        ("/api/user", Answer::json(json!({ "id": "583231", "login": "jane", "name": null })), "form"),
        ("/api/user", Answer::json(json!({ "id": -1, "login": "jane", "name": null })), "form"),
        ("/api/user/memberships/orgs", failing(403), "code"),
        ("/api/user/memberships/orgs", failing(503), "unreachable"),
        ("/api/user/memberships/orgs", Answer::json(json!([{ "role": "admin" }])), "form"),
        ("/api/user/teams", failing(429), "unreachable"),
        ("/api/user/teams", Answer::json(json!({ "id": 1 })), "form"),
        ("/api/user/emails", failing(404), "code"),
        ("/api/user/emails", Answer::json(json!({ "email": "jane@acme.example" })), "form"),
        (
            "/api/user/emails",
            Answer::json(json!([{ "email": "jane@acme.example", "primary": true }])),
            "form",
        ),
    ] {
        github.instead(path, answer.clone());
        let (_, back) = sign_in(portal, github, &somebody).await;
        assert_eq!(back.leads_to(), refused(reason), "{path}: {answer:?}");
        github.as_ever();
    }
    // No token stands in the log, whatever was in the answer.
    assert!(!portal.log().contains("gho_"), "a token is in the log");
}

/// Whether a value is of a type as `required.json` writes it.
fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str() {
        None => has_all(value, kind),
        Some(kind) if value.is_null() => kind.ends_with('?'),
        Some(kind) => match kind.trim_end_matches('?') {
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "string" => value.is_string(),
            other => panic!("no type: {other}"),
        },
    }
}

fn has_all(value: &Value, shape: &Value) -> bool {
    let shape = shape.as_object().unwrap();
    shape.iter().all(|(name, kind)| value.get(name).is_some_and(|value| is(value, kind)))
}

#[tokio::test]
async fn the_stand_in_answers_in_the_shapes_of_github() {
    let github = GitHub::start().await;
    let jane = Someone {
        addresses: vec![("jane@acme.example".into(), true, true), ("j@acme.example".into(), false, false)],
        organisations: vec![
            Belongs::new(7, "acme", &[(1, "Ops"), (2, "Web")]),
            Belongs::new(8, "other", &[]),
        ],
        ..Someone::new(583_231, "jane", "")
    };
    github.teams("acme", &[(1, "Ops"), (2, "Web"), (3, "Design")]);
    let token = github.token(&jane, &["read:user", "user:email", "read:org"]);
    let client = innkeeper_tests::person::http().user_agent("tests").build().unwrap();
    let ask = async |path: &str, token: &str| {
        let url = format!("{}/api{path}", github.address());
        let answer = client.get(url).bearer_auth(token).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap())
    };
    let mut members = 0;
    for (path, shape) in required().as_object().unwrap() {
        let path = &path.replace("{org}", "acme");
        let (status, said) = ask(path, &token).await;
        let all = said.as_array().cloned().unwrap_or_else(|| vec![said.clone()]);
        assert_eq!((status, all.is_empty()), (200, false), "{path}");
        for one in &all {
            assert!(has_all(one, shape), "{path}: {one}");
        }
        members += shape.as_object().unwrap().len();
        // Nothing that lacks a required member passes.
        let mut poorer = all[0].clone();
        poorer.as_object_mut().unwrap().remove(shape.as_object().unwrap().keys().next_back().unwrap());
        assert!(!has_all(&poorer, shape));
        assert_eq!(ask(path, "gho_of_nobody").await.0, 401, "{path}");
    }
    assert_eq!(ask("/user/teams", &github.token(&jane, &["read:user"])).await.0, 404, "without the right");
    println!("identity: {members} members of GitHub's answers are as its description requires");
}
