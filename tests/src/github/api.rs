//! What GitHub's API says of a person (GitHub REST API, version 2022-11-28).

use super::{Belongs, Someone};
use serde_json::{Map, Value, json};

/// What GitHub's description of its API requires of each answer.
pub fn required() -> Value {
    serde_json::from_str(include_str!("required.json")).unwrap()
}

/// An answer with all that is required at a path: these members, and the others with something of their type.
fn whole(shape: &Value, own: &Value) -> Value {
    let fill = |(name, kind): (&String, &Value)| {
        let value = match (own.get(name), kind) {
            (own, Value::Object(_)) => whole(kind, own.unwrap_or(&Value::Null)),
            (Some(own), _) => own.clone(),
            (None, Value::String(kind)) => match kind.trim_end_matches('?') {
                "integer" => json!(1),
                "boolean" => json!(false),
                _ if kind.ends_with('?') => Value::Null,
                _ if name.ends_with("_at") => json!("2020-01-01T00:00:00Z"),
                _ => json!("https://api.github.example/of/the/tests"),
            },
            (None, other) => panic!("no type: {other}"),
        };
        (name.clone(), value)
    };
    Value::Object(shape.as_object().unwrap().iter().map(fill).collect::<Map<_, _>>())
}

/// `GET /user`.
pub(super) fn user(person: &Someone) -> Value {
    // Only what they show to everybody stands here.
    let own = json!({ "id": person.id, "login": person.login, "type": "User", "email": null });
    whole(&required()["/user"], &own)
}

/// `GET /user/emails`.
pub(super) fn emails(person: &Someone) -> Vec<Value> {
    let one = |(email, primary, verified): &(String, bool, bool)| json!({ "email": email, "primary": primary, "verified": verified, "visibility": primary.then_some("private") });
    person.addresses.iter().map(one).collect()
}

/// `GET /user/memberships/orgs`.
pub(super) fn memberships(person: &Someone, query: &str) -> Vec<Value> {
    let wanted = asked(query, "state");
    let one = |Belongs { to: (number, login), state, role, .. }: &Belongs| {
        let own = json!({ "state": state, "role": role, "organization": { "id": number, "login": login } });
        whole(&required()["/user/memberships/orgs"], &own)
    };
    let all = person.organisations.iter();
    all.filter(|one| wanted.as_deref().is_none_or(|wanted| wanted == one.state)).map(one).collect()
}

/// `GET /user/teams`.
pub(super) fn teams(person: &Someone) -> Vec<Value> {
    let of = |Belongs { to: (number, login), teams, .. }: &Belongs| {
        let one = |(id, name): &(i64, String)| {
            let own = json!({
                "id": id, "slug": name.to_lowercase(), "name": name, "type": "organization",
                "organization": { "id": number, "login": login, "type": "Organization" },
            });
            whole(&required()["/user/teams"], &own)
        };
        teams.iter().map(one).collect::<Vec<_>>()
    };
    person.organisations.iter().flat_map(of).collect()
}

/// One of `GET /orgs/{org}/teams`.
pub(super) fn team((id, name): &(i64, String)) -> Value {
    let own = json!({ "id": id, "slug": name.to_lowercase(), "name": name, "type": "organization" });
    whole(&required()["/orgs/{org}/teams"], &own)
}

/// The page that was asked for, of 30 unless told otherwise, and of 100 at most.
pub(super) fn page(all: Vec<Value>, query: &str) -> Value {
    let number = |name, usual| asked(query, name).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (most, page) = (number("per_page", 30).min(100), number("page", 1));
    all.into_iter().skip(most * (page - 1)).take(most).collect()
}

fn asked(query: &str, name: &str) -> Option<String> {
    let mut parts = form_urlencoded::parse(query.as_bytes());
    Some(parts.find(|(key, _)| key == name)?.1.into_owned())
}
