//! Many at once: one request makes one tenant, fifty people get fifty, and where there is room for twenty, thirty
//! are told so.

use futures::StreamExt as _;
use innkeeper_tests::{Options, Person, Portal, orphans, person::tenant_of, tenant::value, until};
use reqwest::Method;
use std::{collections::BTreeSet, time::Duration};

#[tokio::test]
async fn fifty_presses_of_one_page_make_one_tenant() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let other = jane.another_browser(&portal);
    other.sign_in(&portal).await;
    let form = jane.wish("Acme", "shop", &[]).await;
    let seen = other.form("/sign-up/review", "/do/check").await;
    let presses = (0..50).map(|at| if at % 2 == 0 { jane.press(&form) } else { other.press(&seen) });
    let answers: BTreeSet<_> =
        futures::future::join_all(presses).await.iter().map(innkeeper_tests::Page::leads_to).collect();
    let [setup] = &answers.iter().collect::<Vec<_>>()[..] else { panic!("several answers: {answers:?}") };
    let name = tenant_of(setup);
    assert_eq!(**setup, format!("/t/{name}/setup"));
    jane.wait_until_ready(&name, 60).await;
    let mut control = portal.control().await;
    for table in ["tenant", "run", "organisation", "request", "reservation"] {
        assert_eq!(value(&mut control, &format!("select count(*) from {table}")).await, "1", "{table}");
    }
    // Late presses, when all is over, lead to the same.
    assert_eq!(jane.press(&form).await.leads_to(), **setup);
    assert_eq!(orphans::compare(&portal).await, [""; 0]);
    println!("parallel: 50 presses, 1 tenant, 50 good answers");
}

/// People who have come as far as the last page, and what each of them would press.
async fn fifty_people(portal: &Portal) -> Vec<(Person, innkeeper_tests::Form)> {
    let come = (0..50).map(async |at| {
        let person = Person::new(portal, &format!("person{at}@company{at}.example"));
        person.sign_up(portal).await;
        let form = person.wish(&format!("Company {at}"), "shop", &[]).await;
        (person, form)
    });
    futures::future::join_all(come).await
}

#[tokio::test]
async fn fifty_people_at_once_get_fifty_tenants() {
    let portal = Portal::start(Options::default()).await;
    let people = fifty_people(&portal).await;
    let made = people.iter().map(async |(person, form)| {
        let name = tenant_of(&person.press(form).await.leads_to());
        person.wait_until_ready(&name, 300).await;
        name
    });
    let names: BTreeSet<_> = futures::future::join_all(made).await.into_iter().collect();
    assert_eq!(names.len(), 50);
    let mut control = portal.control().await;
    assert_eq!(value(&mut control, "select count(*) from tenant where state = 'active'").await, "50");
    assert_eq!(value(&mut control, "select count(*) from tenant").await, "50");
    assert_eq!(orphans::compare(&portal).await, [""; 0]);
    println!("parallel: 50 people at once, 50 tenants");
}

#[tokio::test]
async fn where_there_is_room_for_twenty_thirty_are_told_what_is_short() {
    let portal = Portal::start(Options::default().set("INNKEEPER_MAX_TENANTS", "20")).await;
    let people = fifty_people(&portal).await;
    let made = people.iter().map(async |(person, form)| {
        let answer = person.press(form).await;
        assert_eq!(answer.status, 303, "{answer}");
        let to = answer.leads_to();
        if to.starts_with("/t/") {
            // Whoever was accepted gets it.
            person.wait_until_ready(&tenant_of(&to), 300).await;
            return Ok(());
        }
        let page = person.open(&to).await;
        assert!(page.has_form("/do/database"), "no way on: {page}");
        Err(page.html().mistake("region").unwrap_or_default())
    });
    let ended = futures::future::join_all(made).await;
    let refused: Vec<_> = ended.iter().filter_map(|end| end.as_ref().err()).collect();
    assert_eq!((ended.len() - refused.len(), refused.len()), (20, 30));
    for told in refused {
        assert!(
            told.contains("20 of 20") && told.contains("Staff can"),
            "what is short is not named: {told}"
        );
    }
    let mut control = portal.control().await;
    for (sql, count) in [
        ("tenant where state = 'active'", "20"),
        ("tenant", "20"),
        ("run", "20"),
        ("organisation", "20"),
        ("reservation", "20"),
        ("request where tenant_name is null", "30"),
    ] {
        assert_eq!(value(&mut control, &format!("select count(*) from {sql}")).await, count, "{sql}");
    }
    assert_eq!(orphans::compare(&portal).await, [""; 0]);

    // Room again: who was refused presses again, with all that was typed still there, and gets it.
    let at = ended.iter().position(Result::is_err).expect("a refusal");
    let (person, _) = &people[at];
    innkeeper_tests::tenant::run(&mut control, "update server set max_tenants = 21").await;
    let form = person.form("/sign-up/review", "/do/check").await;
    let name = tenant_of(&person.press(&form).await.leads_to());
    person.wait_until_ready(&name, 60).await;
    println!("parallel: 50 people at once, room for 20: 20 tenants, 30 refusals that say so");
}

#[tokio::test]
async fn people_who_leave_before_they_are_answered_spoil_nothing() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let pages =
        [format!("/t/{name}"), format!("/t/{name}/activity"), format!("/t/{name}/events"), "/t".to_owned()];
    let leaving = (0..600_u64).map(|at| {
        let (jane, page) = (&jane, &pages[usize::try_from(at % 4).unwrap()]);
        async move {
            // Where in its work the portal is then differs from one to the next.
            let patience = Duration::from_micros(500 + at * 97 % 20_000);
            drop(tokio::time::timeout(patience, jane.try_ask(Method::GET, page, &[], None)).await);
        }
    });
    futures::stream::iter(leaving).buffer_unordered(32).collect::<Vec<()>>().await;
    for _ in 0..10 {
        for page in [&pages[0], &pages[1], &pages[3]] {
            assert_eq!(jane.get(page).await.status, 200, "{page}");
        }
    }
    let mut control = portal.control().await;
    let open = "select count(*) from pg_stat_activity where state like 'idle in transaction%' and usename = 'innkeeper_web'";
    until(10, "connections at rest", async || (value(&mut control, open).await == "0").then_some(())).await;
    jane.press(&jane.form(&format!("/t/{name}/handoff"), "/do/reveal").await).await;
}
