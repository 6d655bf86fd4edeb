use super::{
    expected::Expected,
    kept,
    missing::{memberships, missing},
    orphan::Orphan,
};
use crate::Result;
use innkeeper_domain::{
    ids::ServerId,
    orphan::OrphanKind,
    ports::{Inventory, ServerError, Stray, TenantServer},
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};

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
    found.extend(kept::places(pool).await?);
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
    let known = |name: &str| expected.owner_of(name).is_some();
    let orphan = |kind, name: &str, what| Orphan::surplus(kind, name, what, place);
    let mut found = Vec::new();
    for name in inventory.databases.iter().filter(|name| !known(name)) {
        let what = format!("database {name} belongs to no tenant");
        let mut one = orphan(OrphanKind::Database, name, what);
        one.advice = format!(
            "{}. If its tenant was recorded as failed or deleted by mistake: innkeeper orphan adopt database '{name}'",
            one.advice
        );
        found.push(one);
    }
    for name in inventory.roles.iter().filter(|name| !known(name)) {
        found.push(orphan(OrphanKind::Role, name, format!("role {name} belongs to no tenant")));
    }
    for (group, member) in &inventory.memberships {
        let meant = expected
            .owner_of(member)
            .is_some_and(|tenant| memberships(tenant).contains(&(group.clone(), member.clone())));
        if !meant {
            let what = format!("role {member} is a member of {group}");
            let mut one = orphan(OrphanKind::Membership, &format!("{group}/{member}"), what);
            one.stray = Some(Stray::Membership { group: group.clone(), member: member.clone() });
            found.push(one);
        }
    }
    for (database, role, setting) in &inventory.settings {
        let strangers = [database, role].into_iter().filter(|name| !name.is_empty()).any(|name| !known(name));
        let across = !database.is_empty()
            && !role.is_empty()
            && expected.owner_of(database) != expected.owner_of(role);
        if strangers || across {
            let name = setting.split('=').next().unwrap_or_default();
            let what =
                format!("setting {setting} of database “{database}” and role “{role}” belongs to no tenant");
            let mut one = orphan(OrphanKind::Setting, &format!("{database}/{role}/{name}"), what);
            let (database, role) = (database.clone(), role.clone());
            one.stray = Some(Stray::Setting { database, role, name: name.to_owned() });
            found.push(one);
        }
    }
    for (line, name) in inventory.rules.iter().filter(|(_, name)| !known(name)) {
        let what = format!("pg_hba.conf line {line} names {name}, which belongs to no tenant");
        let mut one = orphan(OrphanKind::Rule, name, what);
        one.advice.push_str(". A line outside of the portal's block is your own: remove it by hand.");
        found.push(one);
    }
    for (process, statement) in inventory.in_flight.iter().filter(|(_, sql)| !sql.is_empty()) {
        let ours = expected.in_work.iter().any(|name| statement.contains(name.as_str()));
        if !ours {
            let seconds = PATIENCE.as_secs();
            let what =
                format!("process {process} has been running “{statement}” for longer than {seconds} s");
            let mut one = orphan(OrphanKind::Process, &process.to_string(), what);
            one.advice =
                "Run this command again in a minute; what the process creates may be an orphan then.".into();
            found.push(one);
        }
    }
    found
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
