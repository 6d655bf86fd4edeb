//! Requests that a person did not mean to make, and pages that are not theirs.

use innkeeper_domain::{organisation::MemberRole, permission::Permission};
use innkeeper_tests::{
    Options, Page, Person, Portal, Values,
    access::{Place, changes, pages},
    tenant::texts,
};
use reqwest::Method;

/// All rows that say who has what, and what happened; without what each look at a page renews.
async fn state(portal: &Portal) -> Vec<String> {
    // Each look at a page renews a session and counts against a limit.
    let tables =
        "select relname::text from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
        and relname not in ('session', 'rate_window') order by 1";
    let tables = texts(&mut portal.control().await, tables).await;
    let rows: Vec<_> =
        tables.iter().map(|table| format!("select '{table} ' || to_jsonb(r)::text from {table} r")).collect();
    let sessions = "select concat_ws(' ', 'session', id, account_id, authenticated_at) from session where account_id is not null";
    let sql = format!("{} union all {sessions} order by 1", rows.join(" union all "));
    texts(&mut portal.control().await, &sql).await
}

async fn send(person: &Person, path: &str, values: &Values, headers: &[(&str, &str)]) -> Page {
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    person.ask(Method::POST, path, &[&kind[..], headers].concat(), Some(values.encode().into_bytes())).await
}

#[tokio::test]
async fn forged_requests_change_nothing() {
    let portal =
        Portal::start(Options::default().set("INNKEEPER_LIMIT_CHANGE_PER_ADDRESS", "100000/600")).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let draft = jane.wish("Acme", "blog", &[]).await.values;
    // A change that would do something if it were let through.
    let wizard = jane.form("/sign-up/database", "/do/database").await.values;
    let good = |change: &str| match change.trim_start_matches("/do/") {
        "sign-up" | "sign-in" | "verify" | "add-mailbox" => draft.clone().with("email", "joe@acme.example"),
        "database" => wizard.clone().with("database", "other"),
        "rename-slug" => draft.clone().with("organisation", "acme").with("slug", "robots"),
        _ => draft
            .clone()
            .with("name", &name)
            .with("organisation", "acme")
            .with("confirmation", &name)
            .with("plan", "professional"),
    };
    let stranger = Person::new(&portal, "eve@evil.example");
    let foreign = stranger.form("/sign-up", "/do/sign-up").await.values;
    let foreign = foreign.get("csrf").unwrap();
    let own = draft.get("csrf").unwrap().to_owned();
    assert_ne!(own, foreign);
    let before = state(&portal).await;

    let mut count = 0;
    let bundle = format!("/t/{name}/handoff/bundle");
    let paths: Vec<_> =
        changes().into_iter().map(|change| (change.path.clone(), good(&change.path))).collect();
    for (path, values) in paths.iter().chain([&(bundle, draft.clone())]) {
        let half = &own[..own.len() - 1];
        for token in ["", "x", foreign, half, &own.to_lowercase(), &format!("{own} ")] {
            if token == own {
                continue;
            }
            count += 1;
            send(&jane, path, &values.clone().with("csrf", token), &[]).await.is_problem(403);
        }
        count += 2;
        send(&jane, path, &values.clone().without("csrf"), &[]).await.is_problem(403);
        // Somebody without the cookie, with the right token.
        let bare = send(&Person::new(&portal, ""), path, values, &[]).await;
        assert!(bare.status == 403 || bare.header("location").starts_with("/sign-in"), "{bare}");
        for headers in [
            [("sec-fetch-site", "cross-site")],
            [("sec-fetch-site", "same-site")],
            [("origin", "https://evil.example")],
            [("origin", "null")],
            [("origin", "http://127.0.0.1:1")],
        ] {
            count += 1;
            send(&jane, path, values, &headers).await.is_problem(403);
        }
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            count += 1;
            let query = format!("{path}?{}", values.encode());
            let refused = jane.ask(method.clone(), &query, &[], None).await;
            refused.is_problem(405);
            assert_eq!(refused.header("allow"), "POST", "{method} {path}");
        }
        count += 1;
        assert_eq!(jane.ask(Method::HEAD, path, &[], None).await.status, 405);
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            count += 1;
            let body = Some(values.encode().into_bytes());
            jane.ask(Method::POST, path, &[("content-type", kind)], body).await.is_problem(415);
        }
    }
    assert_eq!(state(&portal).await, before);
    send(&jane, "/do/nothing", &draft, &[]).await.is_problem(404);
    send(&jane, "/do/", &draft, &[]).await.is_problem(404);
    jane.ask(Method::TRACE, "/", &[], None).await.is_problem(405);
    println!("foreign requests: {count} refused by {} changes, nothing changed", paths.len() + 1);

    // As a browser sends it from the portal's own page it goes through.
    let headers = [("sec-fetch-site", "same-origin"), ("origin", &portal.url())];
    let answer = send(&jane, "/do/database", &good("/do/database"), &headers).await;
    assert_eq!(answer.leads_to(), "/sign-up/review");
}

#[tokio::test]
async fn what_is_not_yours_is_not_there() {
    let portal = Portal::start(Options::default()).await;
    let (jane, eve) = (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "eve@evil.example"));
    for person in [&jane, &eve] {
        person.sign_up(&portal).await;
    }
    let hers = jane.create("Robots of Jane", "shop", &[]).await;
    let eves = eve.create("Evil", "shop", &[]).await;
    jane.reveal(&hers).await;
    let request = jane.wish("Robots of Jane", "blog", &[]).await.values;
    let token = eve.form(&format!("/t/{eves}"), "/do/sign-out").await.values;
    let before = state(&portal).await;
    let random = "shop_zzzzzz";
    assert_ne!(hers, random);

    // A page without what names the request and the tenant asked for.
    let plain = |page: &Page, name: &str| {
        let number = page.support_number();
        let mut headers = page.headers.clone();
        for volatile in ["date", "content-length"] {
            headers.remove(volatile);
        }
        (headers, page.text().replace(&number, "").replace(name, ""))
    };
    let mut count = 0;
    let of = |name: &str, slug: &str| {
        let tenants = pages("/t/", &[("name", name), ("plan", "professional")]);
        let places = tenants.into_iter().chain(pages("/o/", &[("slug", slug)]));
        places.map(|place| place.path).chain([format!("/t/{name}/events")]).collect::<Vec<_>>()
    };
    let (slug, other) = ("robots-of-jane", "robots-of-nobody");
    for (her, none) in of(&hers, slug).iter().zip(&of(random, other)) {
        let (hers, random) = if her.starts_with("/t") { (hers.as_str(), random) } else { (slug, other) };
        let [theirs, nobodys] = [eve.get(her).await, eve.get(none).await];
        theirs.is_problem(404);
        assert_eq!(plain(&theirs, hers), plain(&nobodys, random), "{her}");
        // Who is not signed in learns nothing either.
        let stranger = Person::new(&portal, "");
        let [first, second] = [stranger.get(her).await, stranger.get(none).await];
        assert_eq!(first.status, second.status, "{her}");
        assert_eq!(
            first.header("location").replace(hers, ""),
            second.header("location").replace(random, ""),
            "{her}"
        );
        assert!(first.status == 303 || first.status == 404, "{first}");
        count += 4;
    }
    let bundles = [format!("/t/{hers}/handoff/bundle"), format!("/t/{random}/handoff/bundle")];
    for Place { path, .. } in changes().into_iter().filter(Place::is_of_members) {
        let of = |name: &str, slug: &str| {
            let tenant =
                token.clone().with("name", name).with("confirmation", name).with("plan", "professional");
            tenant.with("organisation", slug).with("slug", "robots")
        };
        let theirs = eve.post(&path, &of(&hers, "robots-of-jane")).await;
        let nobodys = eve.post(&path, &of(random, "robots-of-nobody")).await;
        theirs.is_problem(404);
        assert_eq!(plain(&theirs, &hers), plain(&nobodys, random), "{path}");
        count += 2;
    }
    let [theirs, nobodys] = [eve.post(&bundles[0], &token).await, eve.post(&bundles[1], &token).await];
    theirs.is_problem(404);
    assert_eq!(plain(&theirs, &hers), plain(&nobodys, random));
    // Another's request is not accepted by its id.
    let stolen = token.clone().with("request", request.get("request").unwrap()).with("version", "1");
    eve.post("/do/check", &stolen).await.is_problem(404);
    count += 3;
    for name in
        ["", "a", "SHOP_AAAAAA", "shop_aaaaaa%00", "shop_aaaaaa%2f..", "..%2f..", "%ff", &"a".repeat(3000)]
    {
        let page = eve.get(&format!("/t/{name}/setup")).await;
        assert!([400, 404, 414].contains(&page.status), "{name}: {page}");
        count += 1;
    }
    for slug in ["a", "-", "ACME", "acme%00", "acme%2f..", "..%2f..", "%ff", "new", &"a".repeat(3000)] {
        for end in ["", "/sign-in"] {
            let page = eve.get(&format!("/o/{slug}{end}")).await;
            assert!([400, 404, 414].contains(&page.status), "{slug}: {page}");
            count += 1;
        }
    }
    assert_eq!(state(&portal).await, before);
    for list in ["/t", "/o"] {
        let text = eve.open(list).await.html().text();
        assert!(!text.contains(&hers) && !text.contains("Robots of Jane"), "{list}");
    }
    println!("foreign pages: {count} requests, all answered as for a name that nobody has");
}

/// Every page and every change of an organisation and its tenants × every role of its members, as the table of permissions
/// says.
#[tokio::test]
async fn members_have_what_their_role_has_and_are_told_who_has_the_rest() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let tenants = pages("/t/", &[("name", &name), ("plan", "professional")]);
    let places: Vec<_> = tenants.into_iter().chain(pages("/o/", &[("slug", "acme")])).collect();
    let changes: Vec<_> = changes().into_iter().filter(Place::is_of_members).collect();
    let mut cells = 0;
    for role in MemberRole::ALL.into_iter().filter(|role| *role != MemberRole::Admin) {
        let member = Person::new(&portal, &format!("{}@acme.example", role.as_str()));
        member.sign_up(&portal).await;
        let joined = sqlx::query(
            "insert into member (organisation_id, account_id, role)
             select t.organisation_id, a.id, $2 from tenant t, account a where a.email = $1",
        );
        let joined = joined.bind(format!("{}@acme.example", role.as_str())).bind(role.as_str());
        assert_eq!(joined.execute(&mut portal.control().await).await.unwrap().rows_affected(), 1);
        let seen = [member.open(&format!("/t/{name}")).await, member.open("/o/acme").await];
        let before = state(&portal).await;
        let refused = |page: &Page, permission: Permission| {
            page.is_problem(403);
            let text = page.html().text();
            assert!(
                text.contains(permission.words()) && text.contains("Your admin: jane@acme.example"),
                "{text}"
            );
        };
        for Place { path, permission } in &places {
            let page = member.get(path).await;
            if permission.of_member(role) {
                assert!([200, 303].contains(&page.status), "{role:?} {permission:?}: {page}");
            } else {
                refused(&page, *permission);
                let link = format!("href=\"{path}\"");
                assert!(
                    seen.iter().all(|page| !page.text().contains(&link)),
                    "a link to what is refused: {path}"
                );
            }
            cells += 1;
        }
        let values = seen[0].form("/do/sign-out").values;
        let values = values.with("name", &name).with("confirmation", &name).with("plan", "professional");
        let values = values.with("organisation", "acme").with("slug", "robots");
        for Place { path, permission } in &changes {
            assert!(!permission.of_member(role), "{path}: give this test what {role:?} would do");
            member.post(path, &values).await.is_problem(403);
            cells += 1;
        }
        assert_eq!(state(&portal).await, before, "{role:?}");
    }
    // Admins have each of them, in the state in which it is offered.
    jane.reveal(&name).await;
    jane.press(&jane.form(&format!("/t/{name}/handoff"), "/do/confirm").await).await;
    for Place { path, permission } in &places {
        assert!(permission.of_member(MemberRole::Admin), "{path}");
        let page = jane.get(path).await;
        assert!([200, 303].contains(&page.status), "{path}: {page}");
        cells += 1;
    }
    println!("pages and changes × roles: {cells} cells");
}

/// Whatever is for staff alone is not there for customers, be they admins.
#[tokio::test]
async fn what_is_for_staff_is_not_there_for_customers() {
    let portal = Portal::start(Options::default()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let token = jane.form(&format!("/t/{name}"), "/do/sign-out").await.values;
    let organisation = format!("or_{:032}", 1);
    let values =
        token.with("organisation", &organisation).with("domain", "acme.example").with("reason", "Asked.");
    let before = state(&portal).await;
    let staff = pages("/staff", &[("organisation", &organisation), ("domain", "acme_example")]);
    let staff: Vec<_> = staff.into_iter().filter(Place::is_of_staff).collect();
    let changes: Vec<_> = changes().into_iter().filter(Place::is_of_staff).collect();
    assert!(!staff.is_empty() && !changes.is_empty());
    for Place { path, .. } in &staff {
        jane.get(path).await.is_problem(404);
    }
    // Also where what is sent is wrong: nobody learns that it would be looked at.
    let wrong = values.clone().with("domain", "x").with("reason", "");
    for Place { path, .. } in &changes {
        jane.post(path, &values).await.is_problem(404);
        jane.post(path, &wrong).await.is_problem(404);
    }
    assert_eq!(state(&portal).await, before);
    println!("for staff alone: {} pages and {} changes", staff.len(), changes.len());
}
