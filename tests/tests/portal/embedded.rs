//! The embedded cluster outlives its portal, and a configuration that cannot work is refused in words.

use innkeeper_tests::{
    Options, Person, Portal,
    portal::binaries,
    tenant::{run, value},
    until,
};
use std::{fs, net::TcpListener, time::Duration};

#[tokio::test]
async fn killed_portals_and_servers_are_taken_up_again() {
    let mut portal = Portal::prepare(&Options::default().waiting_for_the_disk());
    // A first start that is cut off, earlier and later, leaves nothing that a later one stumbles over.
    for milliseconds in [150, 400, 700, 1000, 1500, 2000] {
        let mut child = portal.command(&["serve"]).spawn().unwrap();
        // The moment of the kill is what is tried here.
        let ended = tokio::time::timeout(Duration::from_millis(milliseconds), child.wait()).await;
        assert!(ended.is_err(), "the portal ended by itself: {ended:?}");
        child.kill().await.unwrap();
    }
    portal.restart().await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let credentials = jane.reveal(&name).await;
    let mut owner = credentials.connect("owner").await;
    run(&mut owner, "create table kept (id int); insert into kept values (42)").await;

    // The portal alone: customers notice nothing, and the next portal takes the server over.
    let server = portal.postmaster().expect("PostgreSQL runs");
    portal.kill9().await;
    assert_eq!(value(&mut owner, "select id from kept").await, "42");
    portal.restart().await;
    assert_eq!(portal.postmaster(), Some(server), "the running server is adopted");
    assert_eq!(value(&mut owner, "select id from kept").await, "42");
    let page = jane.open(&format!("/t/{name}")).await;
    assert!(page.html().text().contains(&name), "the session outlives the portal: {page}");

    // Both at once.
    portal.kill9().await;
    portal.kill9_postgres().await;
    portal.restart().await;
    let mut again = credentials.connect("readonly").await;
    assert_eq!(value(&mut again, "select id from kept").await, "42");

    // The server alone, while something else takes its port: the portal does not pretend to be well, and starts it
    // again as soon as it can.
    let taken = loop {
        portal.kill9_postgres().await;
        if let Ok(taken) = TcpListener::bind(("127.0.0.1", portal.database_port())) {
            break taken;
        }
        until(30, "the server", async || portal.postmaster()).await;
    };
    until(30, "the portal to notice", async || (jane.get("/health").await.status == 503).then_some(())).await;
    jane.get("/t").await.is_problem(503);
    drop(taken);
    until(60, "the server", async || (jane.get("/health").await.status == 200).then_some(())).await;
    assert_eq!(jane.get(&format!("/t/{name}")).await.status, 200);
    let mut back = credentials.connect("app").await;
    assert_eq!(value(&mut back, "select id from kept").await, "42");

    // A second portal on the same folder would be two masters of one house.
    let second = portal.command(&["serve"]).env("INNKEEPER_LISTEN", "127.0.0.1:0").output();
    let second = tokio::time::timeout(Duration::from_secs(30), second).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(!second.status.success() && said.contains(&portal.pid().to_string()), "{said}");

    // Its operator ends it, and with it the server.
    portal.stop().await;
    assert_eq!(portal.postmaster(), None);
    portal.restart().await;
    let mut last = credentials.connect("app").await;
    assert_eq!(value(&mut last, "select id from kept").await, "42");
}

/// A setting, a value that cannot work, and a word of what is said about it.
const WRONG: &[(&str, &str, &str)] = &[
    ("INNKEEPER_LISTEN", "localhost", "port"),
    ("INNKEEPER_LISTEN", "127.0.0.1:99999", "port"),
    ("INNKEEPER_PUBLIC_URL", "databases.example.com", "URL"),
    ("INNKEEPER_PUBLIC_URL", "http://databases.example.com", "https"),
    ("INNKEEPER_PUBLIC_URL", "ftp://databases.example.com", "http"),
    ("INNKEEPER_PUBLIC_URL", "https://databases.example.com/portal", ""),
    ("INNKEEPER_DATABASE_URL", "mysql://root@localhost/x", "postgres"),
    ("INNKEEPER_EMBEDDED_PORT", "0", "port"),
    ("INNKEEPER_EMBEDDED_PORT", "70000", "port"),
    ("INNKEEPER_EMBEDDED_LISTEN", "localhost", "address"),
    ("INNKEEPER_EMBEDDED_HOST", "not a host", "host"),
    ("INNKEEPER_EMBEDDED_BIN", "/nowhere/at/all", "folder"),
    ("INNKEEPER_MAIL_URL", "https://mail.example.com", "smtp"),
    ("INNKEEPER_MAIL_FROM", "nobody", ""),
    ("INNKEEPER_SUPPORT_EMAIL", "nobody", "address"),
    ("INNKEEPER_TRUSTED_PROXIES", "10.0.0.1/8", "10.0.0.0/8"),
    ("INNKEEPER_LOG", "info,=what", "filter"),
    ("INNKEEPER_LOG_FORMAT", "xml", "json"),
    ("INNKEEPER_MAX_TENANTS", "-1", "number"),
    ("INNKEEPER_READY_SLOTS", "many", "100"),
    ("INNKEEPER_LIMIT_MAIL_PER_ADDRESS", "many", "seconds"),
    ("INNKEEPER_LIMIT_MAIL_IN_ALL", "10/0", "seconds"),
    ("INNKEEPER_LIMIT_CONNECTIONS_PER_ADDRESS", "0", "number"),
];

#[tokio::test]
async fn a_wrong_configuration_is_refused_with_its_name_its_problem_and_an_example() {
    let portal = Portal::prepare(&Options::default());
    fs::create_dir_all(portal.data()).unwrap();
    assert!(portal.run(&["config", "check"]).await.status.success());
    for (name, value, word) in WRONG {
        for arguments in [&["config", "check"][..], &["serve"], &["migrate"]] {
            let output = portal.command(arguments).env(name, value).output();
            let output = tokio::time::timeout(Duration::from_secs(10), output).await.unwrap().unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            let case = format!("{arguments:?} with {name}={value}: {said}");
            assert!(!output.status.success(), "{case}");
            assert!(said.contains(&format!("{name}: ")), "the name: {case}");
            assert!(said.contains(word), "the problem: {case}");
            assert!(said.contains(&format!("Example: {name}='")), "an example: {case}");
        }
    }
    assert!(!portal.data().join("postgres").exists(), "nothing was made");
    println!("configuration: {} wrong values refused by 3 commands each", WRONG.len());

    // All problems at once; from the file as from the environment; secrets are not repeated.
    let file = portal.folder().join("wrong.toml");
    fs::write(
        &file,
        "listen = \"nowhere\"\nlog_format = \"xml\"\nmail_url = \"smtp://u:Geheim99@\"\nwhat = 1\n",
    )
    .unwrap();
    let mut command = portal.command(&["config", "check"]);
    command.env_remove("INNKEEPER_LISTEN").env("INNKEEPER_CONFIG", &file);
    let output = command.output().await.unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    for part in ["INNKEEPER_LISTEN", "INNKEEPER_LOG_FORMAT", "INNKEEPER_MAIL_URL", "`what`"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(!said.contains("Geheim99"), "{said}");
    // What is misspelt has no effect, so the check fails, and says so beside the values in force.
    let misspelt =
        portal.command(&["config", "check"]).env("INNKEEPER_LISTN", "127.0.0.1:1").output().await.unwrap();
    assert_eq!(misspelt.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&misspelt.stdout).contains("INNKEEPER_LISTEN"));
    let said = String::from_utf8_lossy(&misspelt.stderr).into_owned();
    assert_eq!(said, "INNKEEPER_LISTN is set and is not a setting: misspelt?\n");
    let shown = portal
        .command(&["config", "check"])
        .env("INNKEEPER_EMBEDDED_BIN", binaries(15))
        .output()
        .await
        .unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains(&portal.data().to_string_lossy().into_owned()));
}
