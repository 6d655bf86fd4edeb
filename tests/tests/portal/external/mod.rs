//! Portals on an operator's own PostgreSQL server: several of them on one, and servers that cannot be used.

mod refused;

use innkeeper_tests::{
    Options, Person, Portal,
    mail_server::MailServer,
    operator::{OperatorServer, RULES},
    process::lives,
    tenant::{ROLES, run, sign_in, texts, value},
    until,
};
use sqlx::ConnectOptions as _;
use std::{fs, path::Path};

const PRELOAD: &str = "shared_preload_libraries = 'pg_stat_statements'\n";

/// A portal of that server, which shares its key with others.
fn replica(server: &OperatorServer, mails: &MailServer) -> Portal {
    let options = Options::default()
        .set("INNKEEPER_DATABASE_URL", &server.url())
        .set("INNKEEPER_MASTER_KEY_FILE", &server.folder().join("keys/master.key").to_string_lossy())
        .set("INNKEEPER_MAIL_URL", &mails.url())
        .set("INNKEEPER_MAIL_FROM", "Innkeeper <portal@example.com>");
    Portal::prepare(&options)
}

/// Signs up at one portal and answers the mail at another one.
async fn sign_up(email: &str, here: &Portal, there: &Portal, mails: &MailServer) -> Person {
    let person = Person::new(here, email);
    let form = person.form("/sign-up", "/do/sign-up").await;
    assert_eq!(person.submit(&form, &[("email", email)]).await.leads_to(), "/verify");
    let site = here.url();
    let mail = mails.wait(email, &format!("{site}/verify")).await;
    let person = person.at(there);
    let form = person.form(&mail.link(&site), "/do/verify").await;
    assert_eq!(
        person.press(&form).await.leads_to(),
        "/sign-up/database",
        "no code: it is the browser that asked"
    );
    person
}

async fn is_clean(portal: &Portal, after: &str) {
    let output = portal.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert_eq!(output.status.code(), Some(0), "after {after}: {said}");
}

/// The operator's lines are what they were, under the portal's block.
fn rules_are_kept(server: &OperatorServer) {
    let text = fs::read_to_string(server.rules()).unwrap();
    let (block, own) = text.split_once("# END innkeeper\n").unwrap();
    assert!(block.starts_with("# BEGIN innkeeper\n"), "{text}");
    assert_eq!(own, RULES);
}

#[tokio::test]
async fn two_portals_share_one_server_and_one_finishes_what_the_other_began() {
    let server = OperatorServer::start(PRELOAD).await;
    let mails = MailServer::start(server.folder()).await;
    let (mut a, mut b) = (replica(&server, &mails), replica(&server, &mails));
    let site = a.url();
    for portal in [&mut a, &mut b] {
        // As behind one proxy.
        portal.set("INNKEEPER_PUBLIC_URL", &site);
    }
    b.set("INNKEEPER_DATABASE_URL", &server.url_by_socket());
    // Both at once on a server that knows neither of them.
    tokio::join!(a.restart(), b.restart());

    // One browser, whose requests go to whichever answers.
    let at_b = sign_up("jane@acme.example", &a, &b, &mails).await;
    let at_a = at_b.at(&a);
    let name = at_b.request("Acme", "shop", &[]).await;
    at_a.wait_until_ready(&name, 60).await;
    mails.wait("jane@acme.example", &format!("/t/{name}/handoff")).await;
    let credentials = at_a.reveal(&name).await;
    assert_eq!((credentials.host.as_str(), credentials.port), ("localhost", server.port()));
    assert_eq!(credentials.ca, server.ca(), "customers get the root certificate of the URL");
    for role in ROLES {
        let mut connection = credentials.connect(role).await;
        let said = value(
            &mut connection,
            "select concat_ws(' ', current_user, ssl) from pg_stat_ssl where pid = pg_backend_pid()",
        )
        .await;
        assert_eq!(said, format!("{name}_{role} t"));
    }
    let wrong = credentials.options("app").ssl_root_cert_from_pem(other_ca(server.folder()));
    let refused = wrong.connect().await.unwrap_err().to_string();
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    let control = sign_in(&credentials.options_to("owner", "control_7")).await;
    assert!(control.is_err(), "a tenant is in the control database");
    let saved = at_b.press(&at_b.form(&format!("/t/{name}/handoff"), "/do/confirm").await).await;
    assert_eq!(saved.leads_to(), format!("/t/{name}"));
    rules_are_kept(&server);
    for portal in [&a, &b] {
        is_clean(portal, "onboarding").await;
    }

    the_other_goes_on(&server, &at_b, &mut a, &mut b).await;

    // A portal with a key of its own cannot open what the others sealed, and says so.
    let mut lone = replica(&server, &mails);
    lone.set("INNKEEPER_MASTER_KEY_FILE", &lone.folder().join("own.key").to_string_lossy());
    lone.restart().await;
    assert!(lone.log().contains("encrypted under another master key"), "{}", lone.log());
    let found = lone.run(&["doctor"]).await;
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.code() == Some(1) && said.contains("the same INNKEEPER_MASTER_KEY_FILE"), "{said}");
    lone.stop().await;

    // What could be a tenant's and is not is found here as well; the operator's own things are not.
    let mut sql = server.sql("postgres").await;
    run(&mut sql, "create role stray_cccccc").await;
    let found = b.run(&["doctor", "--orphans"]).await;
    let said = String::from_utf8_lossy(&found.stdout).into_owned();
    assert!(found.status.code() == Some(1) && said.contains("stray_cccccc"), "{said}");
    assert!(!said.contains("watcher") && !said.contains("metrics") && !said.contains("portal "), "{said}");
}

/// Kills the portal that works on a run, wherever that is, and leaves the rest to the other one.
async fn the_other_goes_on(server: &OperatorServer, jane: &Person, a: &mut Portal, b: &mut Portal) {
    // One file for both: the first to come by takes its order.
    let orders = a.folder().join("orders");
    for portal in [&mut *a, &mut *b] {
        portal.stop().await;
        portal.set("INNKEEPER_FAILPOINTS", &orders.to_string_lossy());
        portal.restart().await;
    }
    let faults =
        ["create_database:after_effect", "write_allowlist:after_intent", "verify_access:after_intent"];
    let (mut killed, mut done) = ([0, 0], 0);
    for (at, fault) in faults.iter().enumerate() {
        fs::write(&orders, format!("{fault}:kill\n")).unwrap();
        let name = jane.at(a).request("Acme", &format!("half_{at}"), &[]).await;
        let pids = [a.pid(), b.pid()];
        let victim = until(60, "the end of one portal", async || pids.iter().position(|pid| !lives(*pid)));
        let victim = victim.await;
        killed[victim] += 1;
        let (dead, living) = if victim == 0 { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
        dead.killed(10).await;
        let jane = jane.at(living);
        jane.wait_until_ready(&name, 60).await;
        jane.reveal(&name).await.connect("app").await;
        rules_are_kept(server);
        is_clean(living, fault).await;
        dead.restart().await;
        done += 1;
    }
    let mut control = server.sql("control_7").await;
    let states = texts(&mut control, "select distinct state from run").await;
    assert_eq!(states, ["done"]);
    println!("external: {done} runs of killed portals ({} + {}) finished by the other", killed[0], killed[1]);
}

fn other_ca(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("other.pem")).unwrap()
}
