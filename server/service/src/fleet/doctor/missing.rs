use super::{expected::Expected, orphan::Orphan};
use innkeeper_domain::{orphan::OrphanKind, ports::Inventory};
use std::collections::BTreeMap;

/// What should be on a server by the control database and is not.
pub fn missing(inventory: &Inventory, expected: &Expected, place: &str) -> Vec<Orphan> {
    let mut found = Vec::new();
    for slot in &expected.slots {
        let advice = "The next tenant gets a database made anew instead; ask who removed it.";
        let parts = missing_parts(inventory, slot).into_iter();
        found.extend(parts.map(|(kind, what)| Orphan::missing(kind, slot, what, place, advice)));
    }
    let mut lines: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, name) in &inventory.rules {
        *lines.entry(name).or_default() += 1;
    }
    for tenant in &expected.complete {
        let mut parts = missing_parts(inventory, tenant);
        if !inventory.settings.iter().any(|(database, role, _)| database == tenant && role.is_empty()) {
            parts.push((OrphanKind::Setting, format!("database {tenant} has none of its plan's settings")));
        }
        let there = lines.get(tenant.as_str()).copied().unwrap_or_default();
        let rules = match expected.ruled.get(tenant) {
            None => Some(format!("the control database has no rule for {tenant}")),
            Some(wanted) if *wanted > 0 && *wanted != there => {
                Some(format!("pg_hba.conf has {there} lines for {tenant} instead of {wanted}"))
            }
            Some(_) => None,
        };
        parts.extend(rules.map(|what| (OrphanKind::Rule, what)));
        let advice =
            format!("Tenant {tenant} is damaged: restore it from its backup, or ask who removed it.");
        let missing = |(kind, what)| Orphan::missing(kind, tenant, what, place, &advice);
        found.extend(parts.into_iter().map(missing));
    }
    found
}

/// What of the database, the roles and their memberships is not there.
fn missing_parts(inventory: &Inventory, name: &str) -> Vec<(OrphanKind, String)> {
    let mut parts = Vec::new();
    if !inventory.databases.iter().any(|database| database == name) {
        parts.push((OrphanKind::Database, format!("database {name} is missing")));
    }
    for role in ["", "_owner", "_app", "_readonly"].map(|tail| format!("{name}{tail}")) {
        if !inventory.roles.contains(&role) {
            parts.push((OrphanKind::Role, format!("role {role} is missing")));
        }
    }
    for (group, member) in memberships(name).iter().filter(|pair| !inventory.memberships.contains(pair)) {
        parts.push((OrphanKind::Membership, format!("role {member} is no member of {group}")));
    }
    parts
}

/// The memberships of a tenant's roles, group first, as the layout has them: nobody else is in its groups.
pub fn memberships(tenant: &str) -> [(String, String); 6] {
    let pair = |group: &str, member: &str| (format!("{tenant}{group}"), format!("{tenant}{member}"));
    [
        ("innkeeper_tenants".to_owned(), tenant.to_owned()),
        pair("", "_owner"),
        pair("", "_app"),
        pair("", "_readonly"),
        pair("_app", "_owner"),
        pair("_readonly", "_owner"),
    ]
}
