//! Whether server and control database agree, by queries of our own: neither the portal's code nor its doctor's.

use crate::{Portal, operator::OperatorServer, tenant::texts};
use sqlx::{Connection as _, PgConnection};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

type Names = BTreeSet<String>;

/// Both sides, and what on the server's is the operator's own.
struct Sides {
    server: PgConnection,
    control: PgConnection,
    rules: PathBuf,
    backups: PathBuf,
    databases: &'static str,
    roles: &'static [&'static str],
}

/// All that one side has and the other has not. Meant for a portal in which nothing is under way.
pub async fn compare(portal: &Portal) -> Vec<String> {
    let sides = Sides {
        server: portal.sql("postgres").await,
        control: portal.control().await,
        rules: portal.cluster().join("pg_hba.conf"),
        backups: portal.data().join("backups"),
        databases: "('innkeeper')",
        roles: &[],
    };
    compare_sides(sides).await
}

/// The same for portals on an operator's own server, which keep their backups in this folder.
pub async fn compare_with(server: &OperatorServer, backups: &Path) -> Vec<String> {
    let sides = Sides {
        server: server.sql("postgres").await,
        control: server.sql("control_7").await,
        rules: server.rules(),
        backups: backups.into(),
        databases: "('control_7', 'metrics')",
        roles: &["portal", "clerk", "watcher", "portal,clerk"],
    };
    compare_sides(sides).await
}

async fn compare_sides(sides: Sides) -> Vec<String> {
    let Sides { mut server, mut control, rules, backups, databases, roles: own_roles } = sides;
    let mut found = Vec::new();
    let mut differ = |what: &str, has: Names, wants: Names| {
        found.extend(has.difference(&wants).map(|name| format!("{what} {name} is too much")));
        found.extend(wants.difference(&has).map(|name| format!("{what} {name} is missing")));
    };
    macro_rules! names {
        ($connection:ident, $sql:expr) => {
            texts(&mut $connection, $sql).await.into_iter().collect::<Names>()
        };
    }
    let active =
        names!(control, "select name from tenant where state in ('active', 'suspended', 'destroying')");
    let whole: Names = names!(control, "select name from slot").union(&active).cloned().collect();
    let each = |make: &dyn Fn(&String) -> Vec<String>| whole.iter().flat_map(make).collect::<Names>();

    let own = "('postgres', 'template0', 'template1', 'innkeeper_tpl')";
    differ(
        "database",
        names!(
            server,
            &format!(
                "select datname from pg_database where datname not in {own} and datname not in {databases}"
            )
        ),
        whole.clone(),
    );
    let roles =
        |name: &String| ["", "_owner", "_app", "_readonly"].map(|tail| format!("{name}{tail}")).to_vec();
    let of_tenants = |mut names: Names| {
        names.retain(|name| !own_roles.contains(&name.as_str()));
        names
    };
    differ(
        "role",
        of_tenants(names!(
            server,
            "select rolname from pg_roles where rolname !~ '^(pg|innkeeper)_' and rolname <> 'postgres'"
        )),
        each(&roles),
    );
    differ(
        "membership",
        names!(
            server,
            "select roleid::regrole || ' < ' || member::regrole from pg_auth_members
             where member::regrole::text !~ '^pg_' and member::regrole::text not in ('innkeeper_owner', 'postgres')"
        ),
        each(&|name| {
            let mut all = vec![format!("innkeeper_tenants < {name}")];
            all.extend(["owner", "app", "readonly"].map(|role| format!("{name} < {name}_{role}")));
            all.extend(["app", "readonly"].map(|role| format!("{name}_{role} < {name}_owner")));
            all
        }),
    );
    differ(
        "setting of role",
        names!(
            server,
            "select distinct setrole::regrole::text || coalesce(' in ' || datname, '')
                from pg_db_role_setting left join pg_database d on d.oid = setdatabase where setrole <> 0"
        ),
        each(&|name| vec![format!("{name}_readonly")]),
    );
    differ(
        "setting of database",
        names!(
            server,
            "select distinct datname from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase where setrole = 0"
        ),
        active.clone(),
    );
    // The rules are read from the file, and not through the server.
    let hba = fs::read_to_string(rules).unwrap();
    let ruled = hba.lines().filter_map(|line| {
        let words: Vec<_> = line.split_whitespace().collect();
        (words.len() >= 4 && words[0].starts_with("host"))
            .then(|| words[2].trim_start_matches('+').to_owned())
    });
    let listed = names!(
        control,
        "select name from tenant where state in ('active', 'suspended', 'destroying') and not anywhere"
    );
    let ruled = ruled.filter(|name| name != "innkeeper_tenants").collect();
    differ("rule", of_tenants(ruled), listed);

    for table in ["reservation", "hba_rule"] {
        let sql = format!("select name from tenant t join {table} r on r.tenant_id = t.id");
        differ(table, names!(control, &sql), active.clone());
    }
    let kept =
        "select name from tenant t join handoff h on h.tenant_id = t.id where h.state in ('sealed', 'open')
         union select name from tenant t join backup b on b.tenant_id = t.id";
    differ(
        "sealed secret",
        names!(control, "select distinct name from tenant t join sealed_secret s on s.tenant_id = t.id"),
        names!(control, kept),
    );
    differ(
        "run without an end",
        names!(control, "select support_number from run where state in ('running', 'unwinding', 'stuck')"),
        Names::new(),
    );
    differ(
        "step without an end",
        names!(control, "select name || ' of ' || run_id from step where state in ('running', 'undoing')"),
        Names::new(),
    );
    differ("slot in between", names!(control, "select name from slot where state <> 'ready'"), Names::new());
    differ(
        "tenant in between",
        names!(
            control,
            "select name from tenant where state not in ('active', 'suspended', 'destroying', 'failed', 'destroyed')
               or (state = 'destroying') is distinct from (removal_at is not null and state_before is not null)"
        ),
        Names::new(),
    );
    let backups = fs::read_dir(backups).map_or_else(
        |_| Names::new(),
        |folder| folder.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect(),
    );
    let kept = names!(control, "select 'bk_' || replace(id::text, '-', '') from backup");
    let files: Names = backups.iter().map(|file| file.split('.').next().unwrap().to_owned()).collect();
    let whole =
        names!(control, "select 'bk_' || replace(id::text, '-', '') from backup where bytes is not null");
    // A try that was given up may have a file, for some minutes.
    differ("backup", files.clone(), files.intersection(&kept).cloned().collect());
    differ("backup", whole.intersection(&files).cloned().collect(), whole);
    for connection in [server, control] {
        connection.close().await.unwrap();
    }
    found
}
