use super::{expected::Expected, kept};
use crate::Result;
use innkeeper_domain::{
    ids::ServerId,
    ports::{Inventory, ServerError, TenantServer},
};
use sqlx::PgPool;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Something that the server has and the control database does not know, or the other way round.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Orphan {
    /// What it is.
    pub what: String,
    /// On which server, or `control database`.
    pub place: String,
    /// What to do.
    pub advice: String,
}

/// How long a definition that is under way is waited for: it may be about to finish what looks like an orphan.
const PATIENCE: Duration = Duration::from_secs(15);

/// Compares each server's catalogs with the control database, in both directions. Nothing is changed.
///
/// What a live run is working on may be there or not; it is left out until the run has ended.
pub async fn orphans(
    pool: &PgPool,
    servers: &[(ServerId, Arc<dyn TenantServer>)],
) -> Result<std::result::Result<Vec<Orphan>, ServerError>> {
    let mut found = kept::secrets(pool).await?;
    for (id, server) in servers {
        let before = Expected::read(pool, *id).await?;
        let inventory = match quiet(&**server).await {
            Ok(inventory) => inventory,
            Err(error) => return Ok(Err(error)),
        };
        let mut expected = Expected::read(pool, *id).await?;
        // What changed while the server was looked at is left out this time.
        expected.leave_out_changed(&before);
        let endpoint = server.endpoint();
        let place = format!("server {}:{}", endpoint.host, endpoint.port);
        found.extend(surplus(&inventory, &expected, &place));
        found.extend(missing(&inventory, &expected, &place));
    }
    Ok(Ok(found))
}

/// The inventory once no definition is under way, or after some patience as it is.
async fn quiet(server: &dyn TenantServer) -> std::result::Result<Inventory, ServerError> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let inventory = server.inventory().await?;
        if inventory.in_flight.is_empty() || tokio::time::Instant::now() > deadline {
            return Ok(inventory);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn surplus(inventory: &Inventory, expected: &Expected, place: &str) -> Vec<Orphan> {
    let remove = |sql: String| format!("If nobody needs it, as superuser: {sql}");
    let known = |name: &str| expected.owner_of(name).is_some();
    let mut found = Vec::new();
    let mut add = |what: String, advice: String| found.push(Orphan { what, place: place.into(), advice });
    for name in inventory.databases.iter().filter(|name| !known(name)) {
        add(
            format!("database {name} belongs to no tenant"),
            remove(format!("DROP DATABASE \"{name}\" WITH (FORCE)")),
        );
    }
    for name in inventory.roles.iter().filter(|name| !known(name)) {
        add(format!("role {name} belongs to no tenant"), remove(format!("DROP ROLE \"{name}\"")));
    }
    for (group, member) in &inventory.memberships {
        let meant = expected
            .owner_of(member)
            .is_some_and(|tenant| memberships(tenant).contains(&(group.clone(), member.clone())));
        if !meant {
            add(
                format!("role {member} is a member of {group}"),
                remove(format!("REVOKE \"{group}\" FROM \"{member}\"")),
            );
        }
    }
    for (database, role, setting) in &inventory.settings {
        let strangers = [database, role].into_iter().filter(|name| !name.is_empty()).any(|name| !known(name));
        let across = !database.is_empty()
            && !role.is_empty()
            && expected.owner_of(database) != expected.owner_of(role);
        if strangers || across {
            add(
                format!("setting {setting} of database “{database}” and role “{role}” belongs to no tenant"),
                remove(format!("ALTER ROLE \"{role}\" IN DATABASE \"{database}\" RESET ALL")),
            );
        }
    }
    for (line, name) in inventory.rules.iter().filter(|(_, name)| !known(name)) {
        add(
            format!("pg_hba.conf line {line} names {name}, which belongs to no tenant"),
            "It lets nobody in that the server does not know. Remove the line if it is your own; lines between \
             “BEGIN innkeeper” and “END innkeeper” go with the next change of any allowlist."
                .into(),
        );
    }
    for (process, statement) in inventory.in_flight.iter().filter(|(_, sql)| !sql.is_empty()) {
        let ours = expected.in_work.iter().any(|name| statement.contains(name.as_str()));
        if !ours {
            add(
                format!(
                    "process {process} has been running “{statement}” for longer than {} s",
                    PATIENCE.as_secs()
                ),
                "Look again in a minute; what it makes may be an orphan then.".into(),
            );
        }
    }
    found
}

fn missing(inventory: &Inventory, expected: &Expected, place: &str) -> Vec<Orphan> {
    let orphan = |what, advice| Orphan { what, place: place.into(), advice };
    let mut found = Vec::new();
    for slot in &expected.slots {
        let advice = "The next tenant gets a database made anew instead; ask who removed it.";
        found.extend(missing_parts(inventory, slot).into_iter().map(|what| orphan(what, advice.into())));
    }
    let mut lines: BTreeMap<&str, i64> = BTreeMap::new();
    for (_, name) in &inventory.rules {
        *lines.entry(name).or_default() += 1;
    }
    for tenant in &expected.complete {
        let mut whats = missing_parts(inventory, tenant);
        if !inventory.settings.iter().any(|(database, role, _)| database == tenant && role.is_empty()) {
            whats.push(format!("database {tenant} has none of its plan's settings"));
        }
        match expected.ruled.get(tenant) {
            None => whats.push(format!("the control database has no rule for {tenant}")),
            Some(0) => {}
            Some(wanted) => {
                let there = lines.get(tenant.as_str()).copied().unwrap_or_default();
                if there != *wanted {
                    whats.push(format!("pg_hba.conf has {there} lines for {tenant} instead of {wanted}"));
                }
            }
        }
        let advice =
            format!("Tenant {tenant} is damaged: restore it from its backup, or ask who removed it.");
        found.extend(whats.into_iter().map(|what| orphan(what, advice.clone())));
    }
    found
}

/// What of the database, the roles and their memberships is not there.
fn missing_parts(inventory: &Inventory, name: &str) -> Vec<String> {
    let mut whats = Vec::new();
    if !inventory.databases.iter().any(|database| database == name) {
        whats.push(format!("database {name} is missing"));
    }
    for role in ["", "_owner", "_app", "_readonly"].map(|tail| format!("{name}{tail}")) {
        if !inventory.roles.contains(&role) {
            whats.push(format!("role {role} is missing"));
        }
    }
    for (group, member) in memberships(name).iter().filter(|pair| !inventory.memberships.contains(pair)) {
        whats.push(format!("role {member} is no member of {group}"));
    }
    whats
}

/// The memberships of a tenant's roles, group first, as the layout has them: nobody else is in its groups.
fn memberships(tenant: &str) -> [(String, String); 6] {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (Inventory, Expected) {
        let roles =
            ["shop_aaaaaa", "shop_aaaaaa_owner", "shop_aaaaaa_app", "shop_aaaaaa_readonly"].map(String::from);
        let inventory = Inventory {
            databases: vec!["shop_aaaaaa".into()],
            roles: roles.to_vec(),
            memberships: memberships("shop_aaaaaa").to_vec(),
            settings: vec![("shop_aaaaaa".into(), String::new(), "work_mem".into())],
            rules: vec![(2, "shop_aaaaaa".into()), (3, "shop_aaaaaa".into())],
            in_flight: vec![],
        };
        let expected = Expected {
            complete: ["shop_aaaaaa".to_owned()].into(),
            in_work: ["wiki_bbbbbb".to_owned()].into(),
            slots: std::collections::BTreeSet::new(),
            ruled: [("shop_aaaaaa".to_owned(), 2)].into(),
        };
        (inventory, expected)
    }

    fn found(change: impl FnOnce(&mut Inventory, &mut Expected)) -> Vec<String> {
        let (mut inventory, mut expected) = world();
        change(&mut inventory, &mut expected);
        let all =
            surplus(&inventory, &expected, "here").into_iter().chain(missing(&inventory, &expected, "here"));
        all.map(|orphan| orphan.what).collect()
    }

    #[test]
    fn a_sound_server_has_nothing() {
        assert!(found(|_, _| {}).is_empty());
        assert!(found(|i, _| i.databases.push("wiki_bbbbbb".into())).is_empty(), "a run is working on it");
    }

    #[test]
    fn each_kind_of_orphan_is_found() {
        let one = |change: fn(&mut Inventory, &mut Expected)| assert_eq!(found(change).len(), 1);
        one(|i, _| i.databases.push("left_cccccc".into()));
        one(|i, _| i.roles.push("left_cccccc_app".into()));
        one(|i, _| i.memberships.push(("shop_aaaaaa".into(), "left_cccccc_app".into())));
        one(|i, _| i.memberships.push(("shop_aaaaaa".into(), "wiki_bbbbbb_app".into())));
        one(|i, _| i.memberships.push(("shop_aaaaaa_owner".into(), "shop_aaaaaa_app".into())));
        one(|i, _| i.memberships.push(("pg_monitor".into(), "shop_aaaaaa_app".into())));
        one(|i, _| drop(i.memberships.pop()));
        one(|i, _| i.settings.clear());
        one(|i, _| i.settings.push((String::new(), "left_cccccc_app".into(), "work_mem".into())));
        one(|i, _| i.settings.push(("wiki_bbbbbb".into(), "shop_aaaaaa_app".into(), "work_mem".into())));
        one(|i, _| i.rules.push((9, "left_cccccc".into())));
        one(|i, _| i.in_flight.push((7, "CREATE DATABASE left_cccccc".into())));
        one(|i, _| i.databases.clear());
        one(|i, _| i.databases.push("slot_cccccc".into()));
        assert_eq!(found(|_, e| e.slots.extend(["slot_cccccc".into()])).len(), 1 + 4 + 6);
        one(|i, _| drop(i.roles.pop()));
        one(|i, _| drop(i.rules.pop()));
        one(|_, e| e.ruled.clear());
    }
}
