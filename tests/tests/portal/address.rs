//! The addresses of organisations and the pages that stand there.

use innkeeper_tests::{
    Options, Person, Portal,
    tenant::{run, texts, value},
};

/// An organisation of the person's by this name and slug, without a database.
async fn organisation(portal: &Portal, person: &str, name: &str, slug: &str) {
    let sql = format!(
        "with made as (insert into organisation (id, name, slug) values (gen_random_uuid(), '{name}', '{slug}')
            returning id)
         insert into member (organisation_id, account_id, role)
            select made.id, account.id, 'admin' from made, account where email = '{person}'"
    );
    run(&mut portal.control().await, &sql).await;
}

#[tokio::test]
async fn an_organisation_has_pages_without_a_database() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    assert!(jane.open("/o").await.html().text().contains("You have no organisations yet"));
    organisation(&portal, &jane.email, "Acme", "acme").await;
    assert!(jane.open("/o").await.text().contains("href=\"/o/acme\""));
    let page = jane.open("/o/acme").await;
    assert!(page.text().contains("No databases yet") && page.html().text().contains("1 member."), "{page}");
    let form = jane.form("/o/acme/sign-in", "/do/add-domain").await;
    assert_eq!(jane.submit(&form, &[("domain", "acme.example")]).await.leads_to(), "/o/acme/sign-in");
    assert!(jane.open("/o/acme/sign-in").await.text().contains("_innkeeper.acme.example"));
    let told =
        "select concat_ws(' ', action, subject, tenant_id) from audit_event where action = 'domain.add'";
    assert_eq!(value(&mut portal.control().await, told).await, "domain.add Acme");
}

#[tokio::test]
async fn an_address_is_changed_and_the_one_before_redirects_for_90_days() {
    let portal = Portal::start(Options::default()).await;
    let (jane, eve) = (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "eve@evil.example"));
    for person in [&jane, &eve] {
        person.sign_up(&portal).await;
    }
    organisation(&portal, &jane.email, "Acme", "acme").await;
    organisation(&portal, &eve.email, "Acme", "taken").await;

    let form = jane.form("/o/acme", "/do/rename-slug").await;
    for (wrong, says) in [
        ("taken", "“taken” is already taken"),
        ("staff", "reserved"),
        ("a", "3 to 40"),
        ("Acme Robots", "Try acme-robots."),
    ] {
        let page = jane.open(&jane.submit(&form, &[("slug", wrong)]).await.leads_to()).await.html();
        assert!(page.mistake("slug").is_some_and(|mistake| mistake.contains(says)), "{wrong}");
        assert_eq!(page.id("slug").unwrap().attribute("value"), Some(wrong));
    }
    let other_tab = jane.form("/o/acme/sign-in", "/do/add-domain").await;
    assert_eq!(jane.submit(&form, &[("slug", "robots")]).await.leads_to(), "/o/robots");
    let page = jane.open("/o/robots").await.html().text();
    assert!(page.contains("Address changed. The previous one redirects here for 90 days."), "{page}");
    for end in ["", "/sign-in"] {
        assert_eq!(jane.get(&format!("/o/acme{end}")).await.leads_to(), format!("/o/robots{end}"));
        eve.get(&format!("/o/acme{end}")).await.is_problem(404);
    }
    // What was open in another tab still means this organisation.
    let refused = jane.submit(&other_tab, &[("domain", "acme")]).await.leads_to();
    assert!(jane.open(&refused).await.html().mistake("domain").is_some(), "{refused}");
    assert_eq!(jane.submit(&other_tab, &[("domain", "acme.example")]).await.leads_to(), "/o/robots/sign-in");
    assert!(jane.open("/o/robots/sign-in").await.text().contains("_innkeeper.acme.example"));
    let form = eve.form("/o/taken", "/do/rename-slug").await;
    let refused = eve.submit(&form, &[("slug", "acme")]).await.leads_to();
    let refused = eve.open(&refused).await.html();
    assert!(refused.mistake("slug").unwrap().contains("already taken"), "not free meanwhile");

    let later = "update organisation_former_slug set until = until - interval '90 days'";
    run(&mut portal.control().await, later).await;
    for end in ["", "/sign-in"] {
        jane.get(&format!("/o/acme{end}")).await.is_problem(404);
    }
    assert_eq!(eve.submit(&form, &[("slug", "acme")]).await.leads_to(), "/o/acme");
    assert_eq!(eve.open("/o/acme").await.status, 200);
    jane.get("/o/acme").await.is_problem(404);
}

#[tokio::test]
async fn organisations_of_one_name_get_addresses_of_their_own() {
    let portal = Portal::start(Options::default()).await;
    let people = ["jane@acme.example", "eve@evil.example", "ola@other.example"]
        .map(|email| Person::new(&portal, email));
    for person in &people {
        person.sign_up(&portal).await;
    }
    let [jane, eve, ola] = &people;
    let names = futures::join!(
        jane.request("Größe & Co", "shop", &[]),
        eve.request("Größe & Co", "shop", &[]),
        ola.request("Größe & Co", "shop", &[])
    );
    let mut control = portal.control().await;
    let slugs = texts(&mut control, "select slug from organisation order by length(slug), slug").await;
    assert_eq!(slugs[0], "grosse-co");
    assert!(slugs.len() == 3 && slugs[1..].iter().all(|slug| slug.starts_with("grosse-co-")), "{slugs:?}");
    for (person, name) in [(jane, names.0), (eve, names.1), (ola, names.2)] {
        let list = person.open("/t").await.text();
        let theirs: Vec<_> =
            slugs.iter().filter(|slug| list.contains(&format!("href=\"/o/{slug}\""))).collect();
        let [slug] = theirs[..] else { panic!("{theirs:?}") };
        assert!(person.open(&format!("/o/{slug}")).await.text().contains(&format!("href=\"/t/{name}\"")));
        assert_eq!(
            person.get(&format!("/t/{name}/settings/identity")).await.leads_to(),
            format!("/o/{slug}/sign-in")
        );
    }
}

#[tokio::test]
async fn a_deadlock_on_a_page_of_an_organisation_is_a_conflict() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    organisation(&portal, &jane.email, "Acme", "acme").await;
    let form = jane.form("/o/acme/sign-in", "/do/add-domain").await;
    let mut control = portal.control().await;
    let ended = "create function ended() returns trigger language plpgsql as
        $$ begin raise exception 'deadlock detected' using errcode = '40P01'; end $$";
    run(&mut control, ended).await;
    let trigger =
        "create trigger ended before insert on organisation_domain for each row execute function ended()";
    run(&mut control, trigger).await;
    let page = jane.submit(&form, &[("domain", "acme.example")]).await;
    page.is_problem(409);
    assert!(page.text().contains("href=\"/o/acme/sign-in\" class=\"btn btn-primary\">Go back</a>"), "{page}");
}
