//! Requests that a person did not mean to make, and pages that are not theirs.

use innkeeper_tests::{Options, Page, Person, Portal, Values, tenant::texts};
use reqwest::Method;

/// Every change that a page can ask for; the portal's own test compares its table with what is registered.
const CHANGES: [&str; 44] = [
    "sign-up",
    "sign-in",
    "verify",
    "sign-out",
    "staff-claim",
    "add-mailbox",
    "database",
    "check",
    "retry",
    "start-over",
    "reveal",
    "confirm",
    "renew",
    "rotate",
    "change-plan",
    "suspend",
    "resume",
    "destroy",
    "keep",
    "try-again",
    "add-domain",
    "add-github",
    "add-group",
    "add-passkey",
    "add-team",
    "ask-domain",
    "begin-add-passkey",
    "begin-passkey",
    "check-domain",
    "decide-domain",
    "end-session",
    "end-sessions",
    "enforce-sign-in",
    "release-sign-in",
    "remove-domain",
    "remove-github",
    "remove-group",
    "remove-issuer",
    "remove-team",
    "remove-way",
    "rename-slug",
    "save-issuer",
    "take-back-domain",
    "use-passkey",
];

/// The pages of a tenant that only its admins have.
const OF_ADMINS: [&str; 9] = [
    "/credentials",
    "/credentials/rotate",
    "/plan",
    "/plan/professional",
    "/danger",
    "/danger/suspend",
    "/danger/resume",
    "/danger/destroy",
    "/danger/keep",
];

/// The pages of an organisation, and whether only its admins have them.
const OF_ORGANISATION: [(&str, bool); 2] = [("", false), ("/sign-in", true)];

/// The changes of a tenant, and of an organisation, by its admins.
const BY_ADMINS: [&str; 27] = [
    "retry",
    "start-over",
    "reveal",
    "confirm",
    "renew",
    "rotate",
    "change-plan",
    "suspend",
    "resume",
    "destroy",
    "keep",
    "try-again",
    "save-issuer",
    "remove-issuer",
    "add-domain",
    "check-domain",
    "ask-domain",
    "remove-domain",
    "add-group",
    "remove-group",
    "add-github",
    "remove-github",
    "add-team",
    "remove-team",
    "enforce-sign-in",
    "release-sign-in",
    "rename-slug",
];

/// All rows that say who has what, and what happened; without what each look at a page renews.
async fn state(portal: &Portal) -> Vec<String> {
    const TABLES: [&str; 29] = [
        "account",
        "organisation",
        "organisation_former_slug",
        "member",
        "request",
        "tenant",
        "run",
        "step",
        "handoff",
        "reservation",
        "hba_rule",
        "sealed_secret",
        "allowlist_entry",
        "outbox",
        "challenge",
        "audit_event",
        "flash",
        "form_state",
        "plan",
        "backup",
        "staff",
        "staff_claim",
        "identity",
        "passkey",
        "organisation_identity",
        "organisation_group",
        "organisation_domain",
        "organisation_trial",
        "organisation_github",
    ];
    let rows = TABLES.map(|table| format!("select '{table} ' || to_jsonb(r)::text from {table} r"));
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
    let good = |change: &str| match change {
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
    let paths: Vec<_> = CHANGES.iter().map(|change| (format!("/do/{change}"), good(change))).collect();
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
    println!("foreign requests: {count} refused by {} changes, nothing changed", CHANGES.len() + 1);

    // As a browser sends it from the portal's own page it goes through.
    let headers = [("sec-fetch-site", "same-origin"), ("origin", &portal.url())];
    let answer = send(&jane, "/do/database", &good("database"), &headers).await;
    assert_eq!(answer.leads_to(), "/sign-up/check");
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
    let of_members = [
        "",
        "/setup",
        "/handoff",
        "/connect",
        "/connect?role=owner",
        "/runs",
        "/events",
        "/settings/identity",
    ];
    let of_tenant = of_members.into_iter().chain(OF_ADMINS).map(|tail| ("/t", hers.as_str(), random, tail));
    let of_organisation =
        OF_ORGANISATION.into_iter().map(|(tail, _)| ("/o", "robots-of-jane", "robots-of-nobody", tail));
    for (area, hers, random, tail) in of_tenant.chain(of_organisation) {
        let [theirs, nobodys] = [
            eve.get(&format!("{area}/{hers}{tail}")).await,
            eve.get(&format!("{area}/{random}{tail}")).await,
        ];
        theirs.is_problem(404);
        assert_eq!(plain(&theirs, hers), plain(&nobodys, random), "{area} {tail}");
        // Who is not signed in learns nothing either.
        let stranger = Person::new(&portal, "");
        let [first, second] = [
            stranger.get(&format!("{area}/{hers}{tail}")).await,
            stranger.get(&format!("{area}/{random}{tail}")).await,
        ];
        assert_eq!(first.status, second.status, "{area} {tail}");
        assert_eq!(
            first.header("location").replace(hers, ""),
            second.header("location").replace(random, ""),
            "{area} {tail}"
        );
        assert!(first.status == 303 || first.status == 404, "{first}");
        count += 4;
    }
    let posts = BY_ADMINS.map(|change| format!("/do/{change}"));
    let bundles = [format!("/t/{hers}/handoff/bundle"), format!("/t/{random}/handoff/bundle")];
    for path in posts {
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
        for (tail, _) in OF_ORGANISATION {
            let page = eve.get(&format!("/o/{slug}{tail}")).await;
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

#[tokio::test]
async fn what_is_for_admins_is_not_there_for_other_members() {
    let portal = Portal::start(Options::default()).await;
    let (jane, dave) = (Person::new(&portal, "jane@acme.example"), Person::new(&portal, "dave@acme.example"));
    for person in [&jane, &dave] {
        person.sign_up(&portal).await;
    }
    let name = jane.create("Acme", "shop", &[]).await;
    let member = sqlx::query(
        "insert into member (organisation_id, account_id, role)
         select t.organisation_id, a.id, 'developer' from tenant t, account a where a.email = 'dave@acme.example'",
    );
    assert_eq!(member.execute(&mut portal.control().await).await.unwrap().rows_affected(), 1);
    let overview = dave.open(&format!("/t/{name}")).await;
    let before = state(&portal).await;

    let mut count = 0;
    for tail in OF_ADMINS.into_iter().chain(["/handoff"]) {
        dave.get(&format!("/t/{name}{tail}")).await.is_problem(404);
        let href = format!("href=\"/t/{name}{tail}\"");
        assert!(!overview.text().contains(&href), "a way to what is not there: {tail}");
        count += 1;
    }
    let organisation = dave.open("/o/acme").await;
    for tail in OF_ORGANISATION.into_iter().filter_map(|(tail, admins)| admins.then_some(tail)) {
        dave.get(&format!("/o/acme{tail}")).await.is_problem(404);
        for page in [&overview, &organisation] {
            assert!(!page.text().contains(&format!("href=\"/o/acme{tail}\"")), "{page}");
        }
        count += 1;
    }
    // Where the settings were once: it says only where they are now.
    assert_eq!(dave.get(&format!("/t/{name}/settings/identity")).await.leads_to(), "/o/acme/sign-in");
    let values = overview.form("/do/sign-out").values;
    let values = values.with("name", &name).with("confirmation", &name).with("plan", "professional");
    let values = values.with("organisation", "acme").with("slug", "robots");
    for change in BY_ADMINS {
        dave.post(&format!("/do/{change}"), &values).await.is_problem(404);
        count += 1;
    }
    assert_eq!(state(&portal).await, before);
    println!("pages and changes of admins: {count} requests of another member, none answered");
    // New passwords can be asked for once the first ones are saved.
    jane.reveal(&name).await;
    jane.press(&jane.form(&format!("/t/{name}/handoff"), "/do/confirm").await).await;
    for tail in OF_ADMINS.into_iter().filter(|tail| !tail.ends_with("/resume") && !tail.ends_with("/keep")) {
        jane.open(&format!("/t/{name}{tail}")).await;
    }
    for (tail, _) in OF_ORGANISATION {
        jane.open(&format!("/o/acme{tail}")).await;
    }
}
