//! What GitHub's API says of a person (GitHub REST API, version 2022-11-28).

use super::Someone;
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
pub(super) fn emails(person: &Someone) -> Value {
    let one = |(email, primary, verified): &(String, bool, bool)| json!({ "email": email, "primary": primary, "verified": verified, "visibility": primary.then_some("private") });
    person.addresses.iter().map(one).collect()
}

/// `GET /user/orgs`.
pub(super) fn organisations(person: &Someone) -> Value {
    let one =
        |(login, _): &(String, Vec<String>)| whole(&required()["/user/orgs"], &json!({ "login": login }));
    person.organisations.iter().map(one).collect()
}

/// `GET /user/teams`.
pub(super) fn teams(person: &Someone) -> Value {
    let of = |(login, teams): &(String, Vec<String>)| {
        let one = |slug: &String| {
            let own = json!({
                "slug": slug, "name": slug, "type": "organization", "organization": { "login": login, "type": "Organization" },
            });
            whole(&required()["/user/teams"], &own)
        };
        teams.iter().map(one).collect::<Vec<_>>()
    };
    person.organisations.iter().flat_map(of).collect()
}
