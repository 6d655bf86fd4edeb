//! Which way arrows may point.

use super::Arrows;

/// The modules at the top of a package, in an order: each may take from those before it.
const ORDERS: [(&str, &[&str]); 3] = [
    (
        "server/service",
        &[
            "db",
            "context",
            "people",
            "organisations",
            "fleet",
            "workflows",
            "tenants",
            "sign_in",
            "background",
        ],
    ),
    ("app", &["components", "web", "pages", "shell"]),
    ("server/portal", &["config", "web", "api", "startup", "cli", "main"]),
];

/// The order of a package's modules; none where any order will do.
pub fn order_of(package: &str) -> Option<&'static [&'static str]> {
    ORDERS.iter().find(|(of, _)| *of == package).map(|(_, order)| *order)
}

/// The arrows between rooms that point at one which comes later in the order, as `from -> to`. A room that the order does
/// not know is named as such.
pub fn upward(rooms: &Arrows, order: &[&str]) -> Vec<String> {
    let place = |room: &str| order.iter().position(|one| *one == room);
    let mut found = vec![];
    for (from, to) in rooms {
        let Some(here) = place(from) else {
            if from != "lib" {
                found.push(format!("{from} is in no order"));
            }
            continue;
        };
        let up = to.iter().filter(|to| place(to).is_some_and(|there| there > here));
        found.extend(up.map(|to| format!("{from} -> {to}")));
    }
    found
}
