//! The wizard, its last page, and the names in later forms.

use super::{
    raised, rows,
    texts::{Accepted, Mistake, addresses, choices, databases, long, organisations},
    trial::Trial,
};
use innkeeper_tests::{Person, Portal, Values, catalog};

#[tokio::test]
async fn each_field_of_the_wizard_says_what_is_wrong_with_it() {
    let portal = Portal::start(raised()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let server = catalog::shared(&mut portal.sql("postgres").await).await;
    let form = jane.form("/sign-up/database", "/do/database").await;
    let good = form.values.clone().with("organisation", "Acme").with("database", "shop");
    let region = form.values.get("region").unwrap().to_owned();
    jane.post(&form.action, &good).await;
    let before = rows(&portal).await;
    let mut trial = Trial { person: &jane, page: "/sign-up/database", form, count: 0 };

    let fields = [
        ("organisation", organisations()),
        ("database", databases()),
        ("addresses", addresses()),
        (
            "plan",
            [choices("starter"), vec![("enterprise".into(), Mistake), ("professional".into(), Accepted)]]
                .concat(),
        ),
        ("region", choices(&region)),
        ("allow_any", ["yes", "ON", "1", "\u{202e}", "'"].map(|text| (text.to_owned(), Mistake)).into()),
    ];
    for (field, cases) in fields {
        for (text, wants) in cases {
            let values = good.clone().with(field, &text);
            trial.send(field, &values, wants, &text).await;
        }
        if field != "allow_any" {
            trial.send(field, &good.clone().without(field), Mistake, "(missing)").await;
        }
    }
    for text in ["", "plpython3u", "dblink", "file_fdw", "'", "PGCRYPTO", "\u{202e}", &long(10_000)] {
        trial.send("extensions", &good.clone().and("extensions[]", text), Mistake, text).await;
    }
    let hundred = (0..100).fold(good.clone(), |values, _| values.and("extensions[]", "citext"));
    trial.send("extensions", &hundred, Mistake, "(a hundred)").await;
    trial.send("extensions", &good.clone().without("extensions[]"), Accepted, "(none)").await;
    trial.send("extensions", &good.clone().and("extensions[]", "citext"), Accepted, "(one twice)").await;
    for everything in ["0.0.0.0/0", "::/0", ""] {
        let values = good.clone().with("addresses", everything).with("allow_any", "on");
        trial.send("addresses", &values, Accepted, everything).await;
    }
    // More wrong at once, with the tick: all of it is said, and the tick stays.
    let wrong = good.clone().with("organisation", "").with("database", "1").with("allow_any", "on");
    trial.send("organisation", &wrong, Mistake, "(two at once)").await;
    trial.form.values = good.clone();
    trial.all_malformed("database").await;
    let count = trial.count;
    assert_eq!(rows(&portal).await, before);
    assert_eq!(
        catalog::difference(&server, &catalog::shared(&mut portal.sql("postgres").await).await),
        [""; 0]
    );

    // What is shown is what was typed, not what a browser would make of it.
    let tag = "<script>alert(1)</script>";
    jane.post(&trial.form.action, &good.clone().with("organisation", tag)).await;
    let check = jane.open("/sign-up/review").await.html().text();
    assert!(check.contains(tag), "{check}");
    the_last_page(&portal, &jane, &good, count).await;
}

/// The page with the press that makes the database, and the names in later forms.
async fn the_last_page(portal: &Portal, jane: &Person, good: &Values, tried: usize) {
    let mut count = tried;
    jane.post("/do/database", good).await;
    let form = jane.form("/sign-up/review", "/do/check").await;
    let before = rows(portal).await;
    let other = "rq_01890a5d-ac96-774b-bcce-b302099a8057";
    let wrong = [
        form.values.clone().with("request", ""),
        form.values.clone().with("request", "x"),
        form.values.clone().with("request", other),
        form.values.clone().with("request", &long(10_000)),
        form.values.clone().with("request", "\u{202e}"),
        form.values.clone().without("request"),
        form.values.clone().with("version", ""),
        form.values.clone().with("version", "x"),
        form.values.clone().with("version", "-1"),
        form.values.clone().with("version", "99999999999999999999"),
        form.values.clone().with("version", "1' or 1=1"),
        form.values.clone().without("version"),
        form.values.clone().with("version", "0"),
        form.values.clone().with("version", "2000000000"),
    ];
    for values in wrong {
        count += 1;
        let answer = jane.post("/do/check", &values).await;
        if answer.status == 303 {
            assert_eq!(answer.leads_to(), "/sign-up/review");
        } else {
            answer.is_problem(404);
        }
    }
    let mut trial = Trial { person: jane, page: "/sign-up/review", form, count };
    trial.all_malformed("version").await;
    for action in ["/do/retry", "/do/start-over", "/do/reveal", "/do/confirm", "/do/renew"] {
        for name in
            ["", "x", "shop_aaaaaa", "../..", "shop_aaaaaa/../x", "%", "\u{202e}", "a\r\nX: 1", &long(10_000)]
        {
            trial.count += 1;
            jane.post(action, &trial.form.values.clone().with("name", name)).await.is_problem(404);
        }
        trial.count += 1;
        jane.post(action, &trial.form.values).await.is_problem(404);
    }
    assert_eq!(rows(portal).await, before);
    println!("wrong input: {} cases of the wizard and later forms", trial.count);
    // After all of it the page still makes what it shows.
    let name = innkeeper_tests::person::tenant_of(&jane.press(&trial.form).await.leads_to());
    jane.wait_until_ready(&name, 60).await;
}
