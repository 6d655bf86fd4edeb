//! From the first page to a database that answers, with nothing but HTTP and a cookie jar.

use innkeeper_tests::{
    Options, Person, Portal,
    person::tenant_of,
    tenant::{ROLES, outcome, run, value},
};
use sqlx::Connection as _;

#[tokio::test]
async fn a_newcomer_gets_from_the_first_page_to_a_database_that_answers_each_role() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");

    // Each page leads on by a link or a form that stands on it.
    assert_eq!(jane.get("/health").await.status, 200);
    let landing = jane.open("/").await.html();
    assert!(
        landing.all("a").any(|link| link.attribute("href") == Some("/sign-up")),
        "the first page leads on"
    );
    jane.sign_up(&portal).await;
    let wizard = jane.form("/sign-up/database", "/do/database").await;
    assert_eq!(wizard.values.get("plan"), Some("starter"));
    assert!(wizard.values.get("region").is_some(), "a region is preselected");
    assert_eq!(wizard.values.get("addresses"), Some("127.0.0.1"));
    assert_eq!(wizard.values.get("allow_any"), None);
    let chosen = wizard.values.0.iter().filter(|(name, _)| name == "extensions[]").count();
    assert_eq!(chosen, 3);
    let check = jane.wish("Acme Robotics", "shop", &[]).await;
    let setup = jane.press(&check).await.leads_to();
    let name = tenant_of(&setup);
    assert_eq!(setup, format!("/t/{name}/setup"));
    assert!(name.starts_with("shop_") && name.len() == 11, "{name}");
    jane.wait_until_ready(&name, 60).await;
    let mail = portal.mailbox.wait(&jane.email, 1, |mail| mail.text.contains("/handoff")).await;
    assert_eq!(mail.link(&portal.url()), format!("/t/{name}/handoff"));

    let credentials = jane.reveal(&name).await;
    assert_eq!((credentials.database.as_str(), credentials.port), (name.as_str(), portal.database_port()));
    the_bundle_says_what_the_page_says(&jane, &name).await;
    let handoff = jane.open(&format!("/t/{name}/handoff")).await;
    let saved = jane.press(&handoff.form("/do/confirm")).await;
    assert_eq!(saved.leads_to(), format!("/t/{name}"));
    let page = jane.open(&format!("/t/{name}/handoff")).await;
    for password in credentials.passwords.values() {
        assert!(!page.text().contains(password), "a password is shown after it was saved");
    }

    for role in ROLES {
        let mut connection = credentials.connect(role).await;
        let said = value(
            &mut connection,
            "select concat_ws(' ', current_user, current_database(), ssl, version)
            from pg_stat_ssl where pid = pg_backend_pid()",
        )
        .await;
        assert_eq!(said, format!("{name}_{role} {name} t TLSv1.3"));
        connection.close().await.unwrap();
    }
    let mut owner = credentials.connect("owner").await;
    run(&mut owner, "create table orders (id int primary key); insert into orders values (1)").await;
    let mut app = credentials.connect("app").await;
    assert_eq!(outcome(&mut app, "insert into orders values (2)").await, "OK");
    assert_eq!(outcome(&mut app, "create table mine (id int)").await, "42501");
    let mut readonly = credentials.connect("readonly").await;
    assert_eq!(value(&mut readonly, "select sum(id) from orders").await, "3");
    assert_eq!(outcome(&mut readonly, "insert into orders values (3)").await, "25006");

    // Who is signed in is led from the first page to the one database, and after signing out no more.
    assert_eq!(jane.get("/").await.leads_to(), format!("/t/{name}"));
    for path in ["", "/connect", "/activity"] {
        let page = jane.open(&format!("/t/{name}{path}")).await;
        assert!(page.html().text().contains(&name), "{page}");
    }
    first_connection_is_told(&jane, &portal, &name).await;
    let second = jane.create("Acme Robotics", "blog", &[]).await;
    assert_eq!(jane.get("/").await.leads_to(), "/t");
    let list = jane.open("/t").await.html().text();
    assert!(list.contains("shop") && list.contains("blog"), "{list}");
    let out = jane.press(&jane.form(&format!("/t/{second}/connect"), "/do/sign-out").await).await;
    assert_eq!(out.leads_to(), "/");
    assert_eq!(jane.get("/").await.status, 200);
    let away = jane.get(&format!("/t/{name}")).await.leads_to();
    assert_eq!(away, format!("/sign-in?return=/t/{name}"));
    assert_eq!(jane.sign_in_at(&portal, &away).await, format!("/t/{name}"));
}

/// The bundle's parts agree with the page and with each other.
async fn the_bundle_says_what_the_page_says(jane: &Person, name: &str) {
    let page = jane.open(&format!("/t/{name}/handoff")).await;
    let bundle = jane.bundle(&page).await;
    let names: Vec<_> = bundle.keys().map(String::as_str).collect();
    assert_eq!(names, [".env", "README.md", "ca.crt", "credentials.json", "pg_service.conf"]);
    let shown = innkeeper_tests::Credentials::read(&page.html(), &bundle["ca.crt"]);
    assert_eq!(bundle[".env"].trim_end(), shown.formats["env"].trim_end());
    let json: serde_json::Value = serde_json::from_str(&bundle["credentials.json"]).unwrap();
    assert_eq!(
        (&json["host"], &json["port"], &json["database"]),
        (&shown.host.clone().into(), &shown.port.into(), &name.into())
    );
    for role in ROLES {
        assert_eq!(json["roles"][role]["password"], shown.passwords[role].as_str());
        assert_eq!(json["roles"][role]["user"], format!("{name}_{role}"));
        assert!(json["roles"][role]["uri"].as_str().unwrap().contains(&shown.passwords[role]));
    }
    let service = &bundle["pg_service.conf"];
    for section in [format!("[{name}]"), format!("[{name}_owner]"), format!("[{name}_readonly]")] {
        assert!(service.contains(&section), "no {section} in {service}");
    }
    assert_eq!(jane.open("/ca.crt").await.text(), bundle["ca.crt"]);
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("content-encoding"), "");
}

/// The portal notices that somebody has connected, as whom and from where.
async fn first_connection_is_told(jane: &Person, portal: &Portal, name: &str) {
    let mut control = portal.control().await;
    let sql = format!(
        "select first_connected_role || ' ' || host(first_connected_from) from tenant where name = '{name}'"
    );
    innkeeper_tests::until(60, "the first connection to be seen", async || {
        Some(value(&mut control, &sql).await).filter(|seen| !seen.is_empty())
    })
    .await;
    assert_eq!(value(&mut control, &sql).await, "owner 127.0.0.1");
    let page = jane.open(&format!("/t/{name}")).await.html().text();
    assert!(page.contains("127.0.0.1"), "{page}");
}
