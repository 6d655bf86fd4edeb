//! The doctor finds one orphan of each kind, planted by hand, and says when it could not look.

use innkeeper_tests::{
    Options, Person, Portal, orphans,
    tenant::{run, value},
    until,
};
use sqlx::ConnectOptions as _;
use std::fs;

/// Asks the doctor; its exit code and what it says.
async fn ask(portal: &Portal) -> (Option<i32>, String) {
    let output = portal.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.code(), said)
}

#[tokio::test]
async fn each_planted_orphan_is_found() {
    let mut portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let mut names = Vec::new();
    for wish in ["shop", "blog"] {
        let name = jane.create("Acme", wish, &[]).await;
        jane.reveal(&name).await;
        let confirm = jane.form(&format!("/t/{name}/handoff"), "/do/confirm").await;
        jane.press(&confirm).await;
        names.push(name);
    }
    let [shop, blog] = &names[..] else { panic!("two names") };
    let (code, said) = ask(&portal).await;
    assert_eq!((code, orphans::compare(&portal).await), (Some(0), Vec::new()), "{said}");

    let plants = plants(shop, blog);
    for Plant { database, sql, wants, mend } in &plants {
        let mut connection = portal.sql(database).await;
        run(&mut connection, sql).await;
        let (code, said) = ask(&portal).await;
        assert!(code == Some(1) && said.contains(wants.as_str()), "{sql}: {code:?} {said}");
        assert!(!orphans::compare(&portal).await.is_empty(), "our own comparison is blind to {sql}");
        run(&mut connection, mend).await;
    }
    rules(&portal, shop).await;
    let (code, said) = ask(&portal).await;
    assert_eq!((code, orphans::compare(&portal).await), (Some(0), Vec::new()), "{said}");
    let files = files(&portal).await;
    under_way(&portal).await;
    let (code, said) = ask(&portal).await;
    assert_eq!((code, orphans::compare(&portal).await), (Some(0), Vec::new()), "{said}");
    println!("doctor: {} planted orphans found", plants.len() + 2 + files + 1);

    // Without the control database it could not look, with and without a portal.
    let mut control = portal.control().await;
    assert_eq!(value(&mut control, "select 1").await, "1");
    portal.kill9_postgres().await;
    assert_eq!(ask(&portal).await.0, Some(2));
    portal.kill9().await;
    let (code, said) = ask(&portal).await;
    assert!(code == Some(2) && said.contains("does not run"), "{said}");
}

/// Something planted.
struct Plant {
    /// In which database it is planted.
    database: &'static str,
    sql: String,
    /// What the doctor must say of it.
    wants: String,
    /// Takes it away again.
    mend: String,
}

/// One of each kind, on either side.
fn plants(shop: &str, blog: &str) -> Vec<Plant> {
    let server = |sql: String, wants: String, mend: String| Plant { database: "postgres", sql, wants, mend };
    let control =
        |sql: String, wants: String, mend: String| Plant { database: "innkeeper", sql, wants, mend };
    let member = |group: &str, member: &str| {
        let wants = format!("{member} is a member of {group}");
        server(format!("grant {group} to {member}"), wants, format!("revoke {group} from {member}"))
    };
    let renamed = |what: &str, name: &str| {
        let wants = format!("{what} {name} is missing");
        let back = format!("alter {what} gone_aaaaaa rename to {name}");
        server(format!("alter {what} {name} rename to gone_aaaaaa"), wants, back)
    };
    let own = "select id, organisation_id";
    vec![
        server(
            "create database stray_aaaaaa".into(),
            "database stray_aaaaaa".into(),
            "drop database stray_aaaaaa".into(),
        ),
        server(
            "create role stray_bbbbbb".into(),
            "role stray_bbbbbb".into(),
            "drop role stray_bbbbbb".into(),
        ),
        member(&format!("{shop}_app"), &format!("{blog}_app")),
        member(&format!("{shop}_readonly"), &format!("{shop}_app")),
        member("pg_read_all_data", &format!("{blog}_readonly")),
        server(
            format!("revoke {shop} from {shop}_app"),
            format!("{shop}_app is no member of {shop}"),
            format!("grant {shop} to {shop}_app"),
        ),
        server(
            format!("alter role {shop}_app in database {blog} set work_mem = '1GB'"),
            "setting work_mem=1GB".into(),
            format!("alter role {shop}_app in database {blog} reset all"),
        ),
        renamed("database", blog),
        renamed("role", &format!("{blog}_readonly")),
        control(
            format!(
                "insert into sealed_secret (tenant_id, organisation_id, purpose, key_id, sealed)
                 {own}, 'password app', 'x', 'x' from tenant where name = '{shop}'"
            ),
            format!("sealed password app of {shop}"),
            "delete from sealed_secret".into(),
        ),
        control(
            format!(
                "insert into tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, requested_by,
                   extensions, anywhere)
                 select gen_random_uuid(), organisation_id, 'gone_dddddd', 'gone', 'failed', plan_name, plan_version, region,
                   requested_by, extensions, anywhere from tenant where name = '{shop}';
                 insert into reservation (tenant_id, organisation_id, server_id, connections, storage_gb, memory_mb)
                 select t.id, t.organisation_id, s.id, 1, 1, 1 from tenant t, server s where t.name = 'gone_dddddd'"
            ),
            "reserved for gone_dddddd".into(),
            "delete from reservation where connections = 1; delete from tenant where name = 'gone_dddddd'".into(),
        ),
        control(
            format!(
                "insert into backup (id, tenant_id, organisation_id, run_id, kind, bytes)
                 select '018f0000-0000-7000-8000-000000000001', t.id, t.organisation_id, r.id, 'final', 1
                 from tenant t join run r on r.tenant_id = t.id where t.name = '{shop}' limit 1"
            ),
            format!("bk_018f0000000070008000000000000001 of {shop} has no file"),
            "delete from backup".into(),
        ),
        control(
            format!("update tenant set state = 'destroyed' where name = '{shop}'"),
            format!("database {shop} belongs to no tenant"),
            format!("update tenant set state = 'active' where name = '{shop}'"),
        ),
        control(
            format!("delete from hba_rule where tenant_id = (select id from tenant where name = '{shop}')"),
            format!("no rule for {shop}"),
            format!(
                "insert into hba_rule (tenant_id, organisation_id, server_id)
                 {own}, server_id from tenant where name = '{shop}'"
            ),
        ),
    ]
}

/// Files and certificates that nothing uses; how many were planted.
async fn files(portal: &Portal) -> usize {
    let left = [
        "backups/bk_018f0000000070008000000000000002.backup",
        "backups/0011223344556677.unfinished",
        "ca/.ca.crt.4711.tmp",
        "ca/former.crt",
        "postgres/tls/former.key",
        "postgres/cluster/pg_hba.conf.innkeeper.tmp",
    ];
    for name in left {
        plant_file(&portal.data().join(name));
    }
    let (code, said) = ask(portal).await;
    assert_eq!(code, Some(1), "{said}");
    for name in left {
        let name =
            name.strip_prefix("backups/bk_").and(Some("bk_018f0000000070008000000000000002")).unwrap_or(name);
        assert!(said.contains(name), "{name} is not found: {said}");
    }
    for name in left {
        fs::remove_file(portal.data().join(name)).expect("looking removes nothing");
    }
    left.len()
}

/// A file that nobody has written for a while.
pub fn plant_file(path: &std::path::Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = fs::File::create(path).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
}

/// A definition that does not end.
async fn under_way(portal: &Portal) {
    let mut other = portal.superuser("postgres").application_name("innkeeper").connect().await.unwrap();
    run(&mut other, "begin").await;
    run(&mut other, "create role slow_eeeeee").await;
    let (code, said) = ask(portal).await;
    assert!(code == Some(1) && said.contains("create role slow_eeeeee"), "{code:?} {said}");
    run(&mut other, "rollback").await;
}

/// Lines of `pg_hba.conf` for somebody unknown, and lines that are missing.
async fn rules(portal: &Portal, shop: &str) {
    let path = portal.cluster().join("pg_hba.conf");
    let good = fs::read_to_string(&path).unwrap();
    let replace = |text: &str| {
        // In place: the file stays its owner's.
        fs::write(&path, text).unwrap();
    };
    let stray = good.replace(
        "# END innkeeper",
        "hostssl stray_cccccc +stray_cccccc 0.0.0.0/0 scram-sha-256\n# END innkeeper",
    );
    assert_ne!(stray, good);
    let kept: String =
        good.lines().filter(|line| !line.contains(shop)).map(|line| format!("{line}\n")).collect();
    for (text, wants) in [(stray, "stray_cccccc"), (kept, shop)] {
        replace(&text);
        let (code, said) = ask(portal).await;
        assert!(code == Some(1) && said.contains(wants) && said.contains("pg_hba"), "{said}");
    }
    replace(&good);
    until(10, "the file as it was", async || (fs::read_to_string(&path).unwrap() == good).then_some(()))
        .await;
}
