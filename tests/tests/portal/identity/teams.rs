//! Organisations and teams at GitHub: shown by an owner, joined and left.

use super::{
    CLIENT_SECRET, Page, Person, Portal,
    github::{provider, sign_in},
    start,
};
use innkeeper_tests::{
    github::{Belongs, GitHub, Someone},
    issuer::Answer,
    tenant::value,
};
use serde_json::json;

const ACME: i64 = 7;
const OPS: i64 = 71;

fn someone(number: u64, belongs: Vec<Belongs>) -> Someone {
    let login = format!("person-{number}");
    Someone { organisations: belongs, ..Someone::new(number, &login, &format!("{login}@home.example")) }
}

/// Somebody whose team stands behind many others there.
fn busy(number: u64, team: Option<i64>) -> Someone {
    let other =
        |n: i64| Belongs::new(1000 + n, &format!("other-{n}"), &[(9000 + n, "Ops"), (8000 + n, "Web")]);
    let acme = team.map(|team| Belongs::new(ACME, "acme", &[(team, "Ops")]));
    someone(number, (0..70).map(other).chain(acme).collect())
}

/// The address of a link on a page.
fn link(page: &Page, start: &str) -> String {
    let html = page.html();
    let addresses = html.all("a").filter_map(|link| link.attribute("href"));
    addresses.filter(|to| to.starts_with(start)).map(str::to_owned).next().unwrap_or_else(|| panic!("{page}"))
}

/// Goes to GitHub by the page's link as this person, and answers where that leads.
async fn show(jane: &Person, settings: &str, github: &GitHub, owner: &Someone) -> String {
    let page = jane.open(settings).await;
    let sent = jane.get(&link(&page, "/sign-in/github?for=own")).await.leads_to();
    jane.get(&github.sign_in(&sent, owner)).await.leads_to()
}

/// Whether somebody who signs in as this person sees the database.
async fn comes_in(portal: &Portal, github: &GitHub, who: &Someone, page: &str) -> (Person, bool) {
    let (browser, answer) = sign_in(portal, github, who).await;
    assert_eq!(answer.leads_to(), "/t", "{who:?}");
    let status = browser.get(page).await.status;
    assert!([200, 404].contains(&status), "{status}");
    (browser, status == 200)
}

#[tokio::test]
async fn a_team_is_joined_and_left() {
    let github = GitHub::start().await;
    github.teams("acme", &[(70, "Web"), (OPS, "Ops")]);
    let portal = start(&provider("github", &github, CLIENT_SECRET)).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let (page, settings) = (format!("/t/{name}"), "/o/acme/sign-in".to_owned());

    let form = jane.form(&settings, "/do/add-github").await;
    let wrong = jane.submit(&form, &[("login", "https://github.com/acme")]).await;
    let wrong = jane.open(&wrong.leads_to()).await.html();
    assert!(wrong.mistake("login").unwrap().contains("not the name of a GitHub organisation"));
    assert_eq!(jane.submit(&form, &[("login", "Acme")]).await.leads_to(), settings);
    assert!(!jane.open(&settings).await.has_form("/do/add-team"), "nothing comes of it yet");

    owners_alone_show_it(&jane, &settings, &github).await;
    let form = jane.form(&settings, "/do/add-team").await;
    let team = format!("github/team:{ACME}/{OPS}");
    let foreign = jane.submit(&form, &[("group", "github/team:8/71"), ("role", "admin")]).await;
    let again = jane.open(&foreign.leads_to()).await.html();
    // The other form of the page with a field of this name has no part in it.
    assert!(again.mistake("add-team-group").is_some() && again.mistake("add-group-group").is_none());
    assert_eq!(jane.submit(&form, &[("group", &team), ("role", "developer")]).await.leads_to(), settings);

    who_does_not_belong_sees_nothing(&portal, &github, &page).await;
    let (first, sees) = comes_in(&portal, &github, &busy(5, Some(OPS)), &page).await;
    assert!(sees, "on the second page of their organisations and the third of their teams");
    assert_eq!(first.get(&settings).await.status, 403, "a developer is no admin");
    let role = "select string_agg(role || ' ' || provider, ',') from member where provider is not null";
    assert_eq!(value(&mut portal.control().await, role).await, "developer github");

    // GitHub says nothing: nobody comes in by it, and nothing changes for who is here.
    github.instead("/api/user/teams", Answer { status: 502, ..Answer::json(json!({ "message": "no" })) });
    let (_, answer) = sign_in(&portal, &github, &busy(5, None)).await;
    assert_eq!(answer.leads_to(), "/sign-in?provider=github&reason=unreachable");
    assert_eq!(first.get(&page).await.status, 200);
    github.as_ever();

    // They leave the team: at the next sign-in the database is gone from every browser of theirs.
    let (_, sees) = comes_in(&portal, &github, &busy(5, None), &page).await;
    assert!(!sees && first.get(&page).await.status == 404);
    assert_eq!(first.get("/t").await.status, 200, "they are still signed in to the portal");
    let told = "select string_agg(action, ' ' order by position) from audit_event
        where action like 'member.%' or action like 'github.%'";
    assert_eq!(
        value(&mut portal.control().await, told).await,
        "github.add github.show member.join member.leave"
    );

    let (_, sees) = comes_in(&portal, &github, &busy(5, Some(OPS)), &page).await;
    assert!(sees, "and back");
    let form = jane.form(&settings, "/do/remove-github").await;
    assert_eq!(jane.press(&form).await.leads_to(), settings);
    assert_eq!(first.get(&page).await.status, 404, "without the organisation there, at once");
}

async fn owners_alone_show_it(jane: &Person, settings: &str, github: &GitHub) {
    let acme = || Belongs::new(ACME, "Acme", &[]);
    for nobody in [
        vec![],
        vec![acme()],
        vec![Belongs { role: "admin", state: "pending", ..acme() }],
        vec![Belongs { role: "billing_manager", ..acme() }],
        vec![Belongs { role: "admin", ..Belongs::new(8, "acme-too", &[]) }],
    ] {
        let to = show(jane, settings, github, &someone(1, nobody.clone())).await;
        assert_eq!(to, format!("{settings}?github=owner"), "{nobody:?}");
        assert!(jane.open(&to).await.html().text().contains("Ownership was not verified"));
    }
    let unasked = jane.get("/sign-in/github?for=own&return=/t").await;
    assert_eq!(unasked.status, 404, "only by a link on a page of ours");
    let owner = someone(1, vec![Belongs { role: "admin", ..acme() }]);
    assert_eq!(show(jane, settings, github, &owner).await, settings);
    let text = jane.open(settings).await.html().text();
    assert!(text.contains("Verified by its owner") && text.contains("acme: Ops"), "{text}");
}

async fn who_does_not_belong_sees_nothing(portal: &Portal, github: &GitHub, page: &str) {
    let ops = || Belongs::new(ACME, "acme", &[(OPS, "Ops")]);
    for nobody in [
        vec![],
        vec![Belongs::new(ACME, "acme", &[(70, "Web")])],
        vec![Belongs::new(8, "acme", &[(OPS, "Ops")])],
        vec![Belongs { state: "pending", ..ops() }],
        vec![Belongs { role: "billing_manager", ..ops() }],
    ] {
        let (_, sees) = comes_in(portal, github, &someone(3, nobody.clone()), page).await;
        assert!(!sees, "{nobody:?}");
    }
}
