//! What whoever has the machine does about organisations.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{run, texts},
};
use serde_json::Value;

/// Asks the program; whether it did what was asked, and what it says.
async fn ask(portal: &Portal, arguments: &[&str]) -> (bool, String) {
    let output = portal.run(&[&["organisation"], arguments].concat()).await;
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

#[tokio::test]
async fn the_operator_opens_an_organisation_that_has_shut_itself_out() {
    let portal = Portal::start(Options::default()).await;
    let (done, said) = ask(&portal, &["list"]).await;
    assert!(done && said == "There is no such organisation.\n", "{said}");
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let close = "insert into organisation_identity (organisation_id, provider, kind, label, issuer, client_id, groups_claim,
        enforced_at) select id, 'org-k3v9x2k3v9', 'oidc', 'Acme SSO', 'https://issuer.example', 'portal', 'groups', now()
        from organisation";
    run(&mut portal.control().await, close).await;
    let path = format!("/t/{name}");
    jane.get(&path).await.is_problem(404);

    let (done, said) = ask(&portal, &["list"]).await;
    assert!(
        done && said.starts_with("Acme  or_")
            && said.contains("1 member, 1 admin, 1 database; sign-in methods restricted since"),
        "{said}"
    );
    assert!(said.ends_with("; also allowed: org-k3v9x2k3v9\n"), "{said}");
    let (_, said) = ask(&portal, &["list", "--search", "acm", "--json"]).await;
    let all: Vec<Value> = serde_json::from_str(&said).unwrap();
    let id = all[0]["id"].as_str().unwrap();
    assert!(all.len() == 1 && all[0]["name"] == "Acme" && all[0]["closed_since"].is_string(), "{said}");

    for who in ["Beta", "or_0", ""] {
        let (done, said) = ask(&portal, &["open", who]).await;
        assert!(!done && said.contains("`innkeeper organisation list` shows"), "{who}: {said}");
    }
    run(
        &mut portal.control().await,
        "insert into organisation (id, name, slug) values (gen_random_uuid(), 'Acme', 'acme-2')",
    )
    .await;
    let (done, said) = ask(&portal, &["open", "Acme"]).await;
    assert!(!done && said.contains(&format!("{id}  1 database, SSO is required")), "{said}");
    jane.get(&path).await.is_problem(404);
    let (done, said) = ask(&portal, &["open", id]).await;
    assert!(done && said.contains("allows all sign-in methods again"), "{said}");
    assert_eq!(jane.get(&path).await.status, 200);
    let (done, said) = ask(&portal, &["open", id]).await;
    assert!(done && said.contains("nothing was changed"), "{said}");
    let deeds =
        "select concat_ws(' ', actor, action, subject) from audit_event where action like 'identity.%'";
    assert_eq!(texts(&mut portal.control().await, deeds).await, ["command line identity.release Acme"]);
}
