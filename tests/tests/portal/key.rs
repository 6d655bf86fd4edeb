//! The master key is rotated beside a running portal, goes on where it was killed, and says what is wrong with keys.

use innkeeper_adapters::{sealing::MasterKeys, system::OsRandom};
use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{texts, value},
    until,
};
use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
};

fn keys(path: &Path) -> MasterKeys {
    MasterKeys::load(path).unwrap()
}

/// Rotates by this key file; whether it did, and what it says.
async fn rotate(portal: &Portal, file: &Path, more: &[&str]) -> (bool, String) {
    let mut command = portal.command(&[&["key", "rotate"], more].concat());
    let output = command.env("INNKEEPER_MASTER_KEY_FILE", file).output().await.unwrap();
    (output.status.success(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

async fn doctor(portal: &Portal) -> (Option<i32>, String) {
    let output = portal.run(&["doctor"]).await;
    (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
}

/// How many secrets there are, once all mails are out: nothing is sealed meanwhile.
async fn secrets(portal: &Portal) -> usize {
    let mut control = portal.control().await;
    until(30, "the mails", async || {
        let waiting = value(&mut control, "select count(*) from outbox where sealed is not null").await;
        (waiting == "0").then_some(())
    })
    .await;
    value(&mut control, "select count(*) from sealed_record").await.parse().unwrap()
}

#[tokio::test]
async fn a_rotation_goes_on_wherever_it_was_killed_and_the_portal_opens_all_the_while() {
    let mut portal = Portal::prepare(&Options::default());
    let orders = portal.folder().join("orders");
    portal.set("INNKEEPER_FAILPOINTS", &orders.to_string_lossy());
    portal.restart().await;
    let file = portal.data().join("master.key");
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let (shop, blog) = (jane.create("Acme", "shop", &[]).await, jane.create("Acme", "blog", &[]).await);
    let count = secrets(&portal).await;
    assert!(count >= 6, "{count}");
    let first = keys(&file).current().to_owned();

    let killed_at = async |point: &str| {
        fs::write(&orders, format!("rotate_master_key:{point}:kill\n")).unwrap();
        let output = portal.run(&["key", "rotate"]).await;
        assert_eq!(output.status.signal(), Some(9), "{point}: {}", String::from_utf8_lossy(&output.stderr));
        (keys(&file).current().to_owned(), keys(&file).older())
    };
    // Before anything was done.
    assert_eq!(killed_at("after_intent").await, (first.clone(), vec![]));
    let (code, said) = doctor(&portal).await;
    assert_eq!(code, Some(0), "{said}");
    // The new key is there, and no batch was committed.
    let (second, older) = killed_at("in_effect").await;
    assert!(second != first && older == [first.clone()], "{second} {older:?}");
    let (code, said) = doctor(&portal).await;
    assert!(
        code == Some(1) && said.contains(&format!("0 of {count} secrets are under the current key {second}")),
        "{said}"
    );
    assert!(said.contains("Run `innkeeper key rotate`: it goes on"), "{said}");
    jane.reveal(&shop).await.connect("app").await;
    let other = jane.another_browser(&portal);
    other.sign_in(&portal).await;
    // A batch was committed.
    secrets(&portal).await;
    assert_eq!(killed_at("after_effect").await, (second.clone(), vec![first.clone()]));
    let (_, said) = doctor(&portal).await;
    assert!(said.contains(&format!("{count} of {count} secrets are under the current key")), "{said}");
    // The former key is out of use, and still in the file.
    assert_eq!(killed_at("after_done").await, (second.clone(), vec![first.clone()]));

    let output = portal.run(&["key", "rotate", "--json"]).await;
    let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(output.status.success() && told["state"] == "finished" && told["current"] == *second, "{told}");
    assert_eq!(told["removed"], serde_json::json!([first]));
    assert_eq!((keys(&file).current(), keys(&file).older()), (&*second, vec![]));
    let (code, said) = doctor(&portal).await;
    assert_eq!(code, Some(0), "{said}");
    // What was sealed before opens in the portal that ran all the while, and in the next one.
    jane.reveal(&blog).await.connect("owner").await;
    portal.stop().await;
    portal.restart().await;
    assert!(!portal.log().contains("retired by a rotation"), "{}", portal.log());
    let name = jane.create("Acme", "wiki", &[]).await;
    jane.reveal(&name).await.connect("readonly").await;
    let deeds = "select action || ' ' || subject from audit_event where action like 'master_key.%' and actor = 'command line'
        order by position";
    let deeds = texts(&mut portal.control().await, deeds).await;
    assert_eq!(deeds.last().unwrap(), &format!("master_key.rotate {second}"));
    assert!(deeds.contains(&format!("master_key.retire {first}")), "{deeds:?}");
    println!("key: 4 kills, {count} secrets, {} audit entries", deeds.len());
}

#[tokio::test]
async fn copies_of_the_key_file_are_rotated_step_by_step_and_wrong_ones_are_named() {
    let mut portal = Portal::start(Options::default()).await;
    let own = portal.data().join("master.key");
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let shop = jane.create("Acme", "shop", &[]).await;
    secrets(&portal).await;
    let folder = portal.folder().to_owned();
    let at = |name: &str| -> PathBuf { folder.join(name) };
    let (copy, former) = (at("copy.key"), at("former.key"));
    for path in [&copy, &former] {
        fs::copy(&own, path).unwrap();
    }
    let first = keys(&own).current().to_owned();

    // A file that is not there, one that is damaged, and that of another installation.
    let (done, said) = rotate(&portal, &at("none.key"), &[]).await;
    assert!(!done && said.contains("none.key cannot be read"), "{said}");
    assert!(!at("none.key").exists());
    fs::copy(&own, at("broken.key")).unwrap();
    fs::write(at("broken.key"), "innkeeper-key-1 0123 x\n").unwrap();
    let (done, said) = rotate(&portal, &at("broken.key"), &[]).await;
    assert!(!done && said.contains("broken.key is damaged or another file; put its backup back"), "{said}");
    let other = MasterKeys::load_or_create(&at("other.key"), &OsRandom).unwrap();
    let (done, said) = rotate(&portal, &at("other.key"), &[]).await;
    assert!(
        !done && said.contains(&format!("encrypted under master key {first}, which is not in")),
        "{said}"
    );
    assert!(said.contains("Nothing was changed"), "{said}");
    assert_eq!(keys(&at("other.key")).current(), other.current());

    // First the new key goes to all portals, and only opens.
    let (done, said) = rotate(&portal, &copy, &["--prepare"]).await;
    assert!(done && said.contains("Copy the file to all portals"), "{said}");
    assert_eq!(keys(&copy).current(), first);
    let second = keys(&copy).next().unwrap().to_owned();
    let replace = |path: &Path| {
        let new = at("new.key");
        fs::copy(path, &new).unwrap();
        fs::rename(&new, &own).unwrap();
    };
    replace(&copy);
    let (code, said) = doctor(&portal).await;
    assert!(
        code == Some(1) && said.contains(&format!("master key {second} is prepared and not in use")),
        "{said}"
    );
    // Then it seals where the rotation runs, while the portal opens both and still seals by the former.
    let (done, said) = rotate(&portal, &copy, &["--keep-old"]).await;
    assert!(done && said.contains(&format!("Former key {first} is still in")), "{said}");
    assert_eq!((keys(&copy).current(), keys(&copy).older()), (&*second, vec![first.clone()]));
    jane.reveal(&shop).await.connect("app").await;
    let blog = jane.create("Acme", "blog", &[]).await;
    replace(&copy);
    secrets(&portal).await;
    let (done, said) = rotate(&portal, &copy, &[]).await;
    assert!(done && said.contains(&format!("Former key {first} is removed")), "{said}");
    assert!(said.starts_with("3 secrets were encrypted anew"), "{said}");
    jane.reveal(&blog).await.connect("app").await;
    replace(&copy);
    let (code, said) = doctor(&portal).await;
    assert_eq!(code, Some(0), "{said}");

    // The file as it was before: nothing opens, nothing may be sealed, and both are said.
    replace(&former);
    let (code, said) = doctor(&portal).await;
    assert!(
        code == Some(1) && said.contains(&format!("master key {first} was retired by a rotation")),
        "{said}"
    );
    assert!(said.contains(&format!("encrypted under master key {second}")), "{said}");
    portal.stop().await;
    portal.restart().await;
    assert!(portal.log().contains("was retired by a rotation"), "{}", portal.log());
    let (done, said) = rotate(&portal, &own, &[]).await;
    assert!(!done && said.contains(&format!("encrypted under master key {second}")), "{said}");
    replace(&copy);
    jane.another_browser(&portal).sign_in(&portal).await;
    assert_eq!(doctor(&portal).await.0, Some(0));
}
