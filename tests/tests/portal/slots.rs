//! Databases that stand ready: tenants get them, others are made in their place, and none is left over.

use futures::future::join_all;
use innkeeper_tests::{
    Options, Person, Portal, orphans, slots,
    tenant::{ROLES, run, texts, value},
    until,
};

/// How the passwords of the newest tenant were made: from a slot, or not.
const ROLES_SAID: &str =
    "select count(*) from step where name = 'create_roles' and output like '%pre-created%'";

async fn open(slots: &str) -> (Portal, Person) {
    let options = Options::default().set("INNKEEPER_READY_SLOTS", slots);
    let portal = Portal::start(options).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    (portal, jane)
}

async fn is_clean(portal: &Portal) {
    let output = portal.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(orphans::compare(portal).await, [""; 0]);
}

#[tokio::test]
async fn a_tenant_gets_the_database_that_stands_ready() {
    let (portal, jane) = open("2").await;
    let mut control = portal.control().await;
    slots::at_rest(&mut control, 2).await;
    is_clean(&portal).await;
    let before = texts(
        &mut portal.sql("postgres").await,
        "select oid::text from pg_database where datname ~ '^slot_'",
    )
    .await;

    let name = jane.create("Acme", "shop", &[]).await;
    let oid = value(
        &mut portal.sql("postgres").await,
        &format!("select oid::text from pg_database where datname = '{name}'"),
    )
    .await;
    assert!(before.contains(&oid), "{oid} is none of {before:?}");
    assert_eq!(value(&mut control, ROLES_SAID).await, "1");
    let credentials = jane.reveal(&name).await;
    for role in ROLES {
        credentials.connect(role).await;
    }
    slots::at_rest(&mut control, 2).await;
    is_clean(&portal).await;

    // With other extensions: what is missing is added, and the next one of these finds its own.
    let name = jane.create("Acme", "wiki", &[("extensions[]", "hstore")]).await;
    let installed = "select string_agg(extname, ' ' order by extname) from pg_extension";
    assert_eq!(value(&mut portal.sql(&name).await, installed).await, "hstore plpgsql");
    assert_eq!(value(&mut control, ROLES_SAID).await, "1", "no slot has nothing but what is wanted");
    slots::at_rest(&mut control, 4).await;
    let name = jane.create("Acme", "blog", &[("extensions[]", "hstore")]).await;
    assert_eq!(value(&mut portal.sql(&name).await, installed).await, "hstore plpgsql");
    assert_eq!(value(&mut control, ROLES_SAID).await, "2");
    slots::at_rest(&mut control, 4).await;
    is_clean(&portal).await;
}

#[tokio::test]
async fn more_tenants_than_slots_are_served_all_the_same() {
    let (portal, _) = open("3").await;
    let mut control = portal.control().await;
    slots::at_rest(&mut control, 3).await;
    let mut people = Vec::new();
    for number in 0..8 {
        let person = Person::new(&portal, &format!("p{number}@acme.example"));
        person.sign_up(&portal).await;
        people.push(person);
    }
    join_all(people.iter().map(|person| person.create("Acme", "shop", &[]))).await;
    let claimed: i64 = value(&mut control, ROLES_SAID).await.parse().unwrap();
    assert!((3..=8).contains(&claimed), "{claimed} of 8 were ready");
    assert_eq!(value(&mut control, "select count(*) from tenant where state = 'active'").await, "8");
    slots::at_rest(&mut control, 3).await;
    is_clean(&portal).await;
}

#[tokio::test]
async fn a_slot_that_is_damaged_or_old_is_replaced() {
    let (portal, jane) = open("1").await;
    let (mut control, mut server) = (portal.control().await, portal.sql("postgres").await);
    slots::at_rest(&mut control, 1).await;
    let slot = value(&mut control, "select name from slot").await;
    run(&mut server, &format!("drop database {slot}")).await;
    let output = portal.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains(&format!("database {slot} is missing")),
        "{said}"
    );
    jane.create("Acme", "shop", &[]).await;
    assert_eq!(value(&mut control, ROLES_SAID).await, "0");
    slots::at_rest(&mut control, 1).await;
    is_clean(&portal).await;

    // Made by an older portal: nobody claims it, and after a while it goes.
    run(&mut control, "update slot set layout = 'older'").await;
    let old = value(&mut control, "select name from slot where layout = 'older'").await;
    let others = format!("select name from slot where name <> '{old}' and state = 'ready'");
    until(30, "another slot beside it", async || texts(&mut control, &others).await.pop()).await;
    run(&mut control, "update slot set made_at = now() - interval '11 minutes' where layout = 'older'").await;
    slots::at_rest(&mut control, 1).await;
    assert_ne!(value(&mut control, "select name from slot").await, old);
    is_clean(&portal).await;

    // No more wanted.
    run(&mut control, "update server set ready_slots = 0").await;
    slots::at_rest(&mut control, 0).await;
    is_clean(&portal).await;
}

#[tokio::test]
async fn what_a_killed_portal_was_making_is_removed() {
    let (mut portal, _) = open("0").await;
    let mut control = portal.control().await;
    for _ in 0..3 {
        run(&mut control, "update server set ready_slots = 1").await;
        until(30, "a slot in the making", async || {
            texts(&mut control, "select name from slot where state = 'making'").await.pop()
        })
        .await;
        portal.kill9().await;
        run(&mut control, "update server set ready_slots = 0").await;
        portal.restart().await;
        slots::at_rest(&mut control, 0).await;
        is_clean(&portal).await;
    }
}
