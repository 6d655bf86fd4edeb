//! Staff remove what belongs to nobody, or give it back; and nothing that belongs to somebody.

use crate::doctor::plant_file;
use innkeeper_tests::{
    Options, Person, Portal, orphans,
    tenant::{run, sign_in_code, texts, value},
    until,
};
use std::fs;

/// Asks the program; whether it did what was asked, and what it says.
async fn ask(portal: &Portal, arguments: &[&str]) -> (bool, String) {
    let output = portal.run(&[&["orphan"], arguments].concat()).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

async fn remove(portal: &Portal, kind: &str, name: &str) -> (bool, String) {
    ask(portal, &["remove", kind, name, "--yes-remove", name]).await
}

/// What is listed now, as `kind name`, without what is missing.
async fn listed(portal: &Portal) -> Vec<String> {
    let (done, said) = ask(portal, &["list", "--json"]).await;
    assert!(done, "{said}");
    let all: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap();
    let there = all.iter().filter(|one| one["missing"] == false);
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    there.map(|one| format!("{} {}", text(&one["kind"]), text(&one["name"]))).collect()
}

async fn sound(portal: &Portal) {
    assert_eq!((listed(portal).await, orphans::compare(portal).await), (vec![], vec![]));
}

#[tokio::test]
async fn staff_remove_and_adopt_what_belongs_to_nobody() {
    for major in [15, 18] {
        let portal = Portal::start(Options::postgres(major)).await;
        let jane = Person::new(&portal, "jane@acme.example");
        jane.sign_up(&portal).await;
        let mut names = Vec::new();
        for wish in ["shop", "blog"] {
            let name = jane.create("Acme", wish, &[]).await;
            let credentials = jane.reveal(&name).await;
            jane.press(&jane.form(&format!("/t/{name}/handoff"), "/do/confirm").await).await;
            names.push((name, credentials));
        }
        let [(shop, _), (blog, credentials)] = &names[..] else { panic!("two names") };
        sound(&portal).await;
        each_kind_is_removed(&portal, shop, blog).await;
        what_belongs_to_somebody_stays(&portal, shop).await;
        sound(&portal).await;

        // Recorded as destroyed by mistake: it is given back, suspended, with all that was in it.
        let mut owner = credentials.connect("owner").await;
        run(&mut owner, "create table kept (id int); insert into kept values (42)").await;
        let mut control = portal.control().await;
        forget(&portal, blog).await;
        assert!(listed(&portal).await.contains(&format!("database {blog}")));
        let (done, said) = ask(&portal, &["adopt", "database", blog]).await;
        assert!(done, "{said}");
        assert_eq!(sign_in_code(&credentials.options("app")).await, "28000", "nobody gets in yet");
        sound(&portal).await;
        jane.press(&jane.form(&format!("/t/{blog}/danger/resume"), "/do/resume").await).await;
        let state = format!("select state from tenant where name = '{blog}'");
        until(60, "the resumed tenant", async || {
            (value(&mut control, &state).await == "active").then_some(())
        })
        .await;
        let mut app = credentials.connect("owner").await;
        assert_eq!(value(&mut app, "select id from kept").await, "42");
        let (done, said) = ask(&portal, &["adopt", "database", blog]).await;
        assert!(!done && said.contains("no orphan"), "{said}");

        // And removed for good, database first.
        drop(app);
        forget(&portal, blog).await;
        let (done, said) = remove(&portal, "role", &format!("{blog}_app")).await;
        assert!(!done && said.contains("drop it first"), "{said}");
        for (kind, name) in [("database", blog.clone()), ("role", format!("{blog}_app"))] {
            let (done, said) = remove(&portal, kind, &name).await;
            assert!(done, "{said}");
        }
        // Unless the portal's own comparison has just written the rules anew.
        let (done, said) = remove(&portal, "rule", blog).await;
        assert!(done || said.contains("no orphan"), "{said}");
        sound(&portal).await;
        let staff = "select action || ' ' || subject from audit_event where actor_kind = 'operator' order by position";
        let told = texts(&mut control, staff).await;
        for deed in [
            format!("orphan.adopt {blog}"),
            format!("orphan.remove {blog}"),
            "orphan.remove ca/former.crt".into(),
        ] {
            assert!(told.contains(&deed), "{deed} is not recorded: {told:?}");
        }
    }
}

/// The control database forgets a tenant, its place and its rule.
async fn forget(portal: &Portal, name: &str) {
    let whose = format!("tenant_id = (select id from tenant where name = '{name}')");
    run(
        &mut portal.control().await,
        &format!(
            "delete from reservation where {whose}; delete from hba_rule where {whose};
             update tenant set state = 'destroyed' where name = '{name}'"
        ),
    )
    .await;
}

async fn each_kind_is_removed(portal: &Portal, shop: &str, blog: &str) {
    let (mut server, mut control) = (portal.sql("postgres").await, portal.control().await);
    run(&mut server, "create database stray_aaaaaa").await;
    run(
        &mut server,
        &format!(
            "create role stray_bbbbbb; grant {shop}_app to {blog}_app; grant pg_monitor to {shop}_readonly;
             alter role {shop}_app in database {blog} set work_mem = '1GB'; alter database stray_aaaaaa set work_mem = '2GB'"
        ),
    )
    .await;
    let own = "select id, organisation_id";
    run(
        &mut control,
        &format!(
            "insert into sealed_secret (tenant_id, organisation_id, purpose, key_id, sealed)
             {own}, 'password app', 'x', 'x' from tenant where name = '{shop}';
             insert into tenant (id, organisation_id, name, wish, state, plan_name, plan_version, region, requested_by,
               extensions, anywhere)
             select gen_random_uuid(), organisation_id, 'gone_dddddd', 'gone', 'failed', plan_name, plan_version, region,
               requested_by, extensions, false from tenant where name = '{shop}';
             insert into allowlist_entry (tenant_id, organisation_id, range, created_by)
             {own}, '203.0.113.9/32', requested_by from tenant where name = 'gone_dddddd';
             insert into reservation (tenant_id, organisation_id, server_id, connections, storage_gb, memory_mb)
             select t.id, t.organisation_id, s.id, 1, 1, 1 from tenant t, server s where t.name = 'gone_dddddd'"
        ),
    )
    .await;
    for name in
        ["backups/bk_018f0000000070008000000000000002.backup", "ca/former.crt", "backups/00.unfinished"]
    {
        plant_file(&portal.data().join(name));
    }
    let planted = [
        "database stray_aaaaaa".to_owned(),
        "role stray_bbbbbb".into(),
        format!("membership {shop}_app/{blog}_app"),
        format!("membership pg_monitor/{shop}_readonly"),
        format!("setting {blog}/{shop}_app/work_mem"),
        "setting stray_aaaaaa//work_mem".into(),
        format!("secret {shop}/password app"),
        "reservation gone_dddddd".into(),
        "backup bk_018f0000000070008000000000000002".into(),
        "certificate ca/former.crt".into(),
        "file backups/00.unfinished".into(),
    ];
    let mut found = listed(portal).await;
    found.sort();
    let mut wanted = planted.to_vec();
    wanted.sort();
    assert_eq!(found, wanted);
    // Settings go before the database they are of.
    for orphan in planted.iter().rev() {
        let (kind, name) = orphan.split_once(' ').unwrap();
        let (done, said) = ask(portal, &["remove", kind, name, "--yes-remove", "stray"]).await;
        assert!(!done && said.contains("nothing was removed"), "{said}");
        if kind != "database" {
            let (done, said) = ask(portal, &["adopt", kind, name]).await;
            assert!(!done && said.starts_with("innkeeper: ") && said.len() > 20, "{said}");
        }
        assert!(listed(portal).await.contains(orphan), "{orphan} is still there");
        let (done, said) = remove(portal, kind, name).await;
        assert!(done, "{orphan}: {said}");
        let (done, said) = remove(portal, kind, name).await;
        assert!(!done && said.contains("no orphan of this kind has this name"), "twice: {said}");
        if kind == "setting" && name.starts_with("stray") {
            let (done, said) = ask(portal, &["adopt", "database", "stray_aaaaaa"]).await;
            assert!(!done, "nobody to give it to: {said}");
        }
    }

    // A rule of a tenant that is not there.
    run(
        &mut control,
        "insert into hba_rule (tenant_id, organisation_id, server_id)
         select t.id, t.organisation_id, s.id from tenant t, server s where t.name = 'gone_dddddd'",
    )
    .await;
    // Its lines, as a portal writes them.
    let path = portal.cluster().join("pg_hba.conf");
    let lines =
        "hostssl gone_dddddd +gone_dddddd 203.0.113.9/32 scram-sha-256\nhost all +gone_dddddd all reject\n";
    let text = fs::read_to_string(&path).unwrap();
    // In place: the file stays its owner's.
    fs::write(&path, text.replacen("# BEGIN innkeeper\n", &format!("# BEGIN innkeeper\n{lines}"), 1))
        .unwrap();
    assert!(listed(portal).await.contains(&"rule gone_dddddd".to_owned()));
    let (done, said) = remove(portal, "rule", "gone_dddddd").await;
    assert!(done, "{said}");
}

async fn what_belongs_to_somebody_stays(portal: &Portal, shop: &str) {
    for (kind, name) in [
        ("database", shop.to_owned()),
        ("database", "innkeeper".into()),
        ("role", format!("{shop}_app")),
        ("role", "innkeeper_web".into()),
        ("membership", format!("{shop}/{shop}_app")),
        ("setting", format!("{shop}//work_mem")),
        ("rule", shop.to_owned()),
        ("reservation", shop.to_owned()),
        ("secret", format!("{shop}/password owner")),
        ("file", "master.key".into()),
        ("file", "../../etc/passwd".into()),
        ("certificate", "ca/ca.crt".into()),
        ("backup", "bk_018f0000000070008000000000000009".into()),
        ("process", "1".into()),
    ] {
        let (done, said) = remove(portal, kind, &name).await;
        assert!(!done && said.contains("no orphan of this kind has this name"), "{kind} {name}: {said}");
    }
    let (done, said) = remove(portal, "table", "x").await;
    assert!(!done && said.contains("the kinds are database, role"), "{said}");
    assert!(portal.data().join("ca/ca.crt").exists());
}
