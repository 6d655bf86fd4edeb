//! The typed names of what cannot be had again, and the names in the forms of a tenant's life.

use super::{
    raised, rows,
    texts::{HIDDEN, Mistake, long},
    trial::Trial,
};
use innkeeper_tests::{Person, Portal};

#[tokio::test]
async fn only_the_whole_name_confirms() {
    let portal = Portal::start(raised()).await;
    let jane = Person::new(&portal, "jane@acme.example");
    jane.sign_up(&portal).await;
    let name = jane.create("Acme", "shop", &[]).await;
    let other = jane.create("Acme", "blog", &[]).await;
    // While passwords wait to be saved no new ones can be asked for.
    jane.reveal(&name).await;
    jane.press(&jane.form(&format!("/t/{name}/handoff"), "/do/confirm").await).await;
    let wish = name.split('_').next().unwrap();
    let mut wrong: Vec<String> = [
        "",
        " ",
        wish,
        &name[..name.len() - 1],
        &format!("{name}x"),
        &name.to_uppercase(),
        &other,
        "yes",
        "'",
    ]
    .map(str::to_owned)
    .into();
    wrong.extend([format!("{name}_owner"), long(6000), format!("<script>{name}</script>")]);
    wrong.extend(HIDDEN.map(|hidden| name.replacen('_', &format!("{hidden}_"), 1)));
    let before = rows(&portal).await;

    let mut count = 0;
    for (page, action) in
        [("credentials/reset", "reset-passwords"), ("danger/suspend", "suspend"), ("danger/delete", "delete")]
    {
        let (page, action) = (format!("/t/{name}/{page}"), format!("/do/{action}"));
        let form = jane.form(&page, &action).await;
        let mut trial = Trial { person: &jane, page: &page, form: form.clone(), count };
        for text in &wrong {
            trial.send("confirmation", &form.values.clone().with("confirmation", text), Mistake, text).await;
        }
        trial.send("confirmation", &form.values.clone().without("confirmation"), Mistake, "(missing)").await;
        trial.form.values = form.values.clone().with("confirmation", "x");
        trial.all_malformed("confirmation").await;
        count = trial.count;
    }
    count += names(&jane, &name).await;
    count += plans(&jane, &name).await;
    assert_eq!(rows(&portal).await, before);
    println!("wrong input: {count} cases of a tenant's life");
}

/// Forms that name a tenant which is none, or say what is not possible as it stands.
async fn names(jane: &Person, name: &str) -> usize {
    let values = jane.form(&format!("/t/{name}/danger/suspend"), "/do/suspend").await.values;
    let wrong = ["", "x", "shop_aaaaaa", "../..", "%", "\u{202e}", "a\r\nX: 1", &long(10_000)];
    let acts =
        ["suspend", "resume", "delete", "cancel-deletion", "try-again", "reset-passwords", "change-plan"];
    for act in acts {
        for wrong in wrong {
            let values = values.clone().with("name", wrong).with("confirmation", wrong);
            jane.post(&format!("/do/{act}"), &values).await.is_problem(404);
        }
        jane.post(&format!("/do/{act}"), &values.clone().without("name")).await.is_problem(404);
    }
    // Not as it stands: the page that shows how it stands says so.
    for act in ["resume", "cancel-deletion", "try-again"] {
        let answer = jane.post(&format!("/do/{act}"), &values).await;
        assert_eq!(answer.leads_to(), format!("/t/{name}/danger"), "{act}");
        let page = jane.open(&answer.leads_to()).await;
        assert!(page.html().text().contains("Nothing was done"), "{act}: {page}");
    }
    for page in ["resume", "cancel-deletion"] {
        assert_eq!(
            jane.get(&format!("/t/{name}/danger/{page}")).await.leads_to(),
            format!("/t/{name}/danger")
        );
    }
    acts.len() * (wrong.len() + 1) + 5
}

/// Plans that are none, or are the one in force.
async fn plans(jane: &Person, name: &str) -> usize {
    let offers = format!("/t/{name}/plan");
    let form = jane.form(&format!("{offers}/professional"), "/do/change-plan").await;
    let mut trial = Trial { person: jane, page: &offers, form: form.clone(), count: 0 };
    for text in ["", "unknown", "starter", "STARTER", "enterprise", "'", "\u{202e}", &long(10_000)] {
        trial.count += 1;
        // Back at the cards, which another form is for.
        let back = jane.post("/do/change-plan", &form.values.clone().with("plan", text)).await.leads_to();
        assert!(back.starts_with(&offers) && back.contains("form="), "{text:?}: {back}");
        let page = jane.open(&back).await.html();
        let mistake = page.mistake("plan").unwrap_or_default();
        assert!(mistake.len() > 10 && page.text().contains("There is a problem"), "{text:?}: {mistake}");
    }
    trial.all_malformed("plan").await;
    for text in ["unknown", "starter", "enterprise", "%00", "%ff", "..%2f.."] {
        trial.count += 1;
        let answer = jane.get(&format!("{offers}/{text}")).await;
        assert!([303, 400, 404].contains(&answer.status), "{text}: {answer}");
        if answer.status == 303 {
            assert_eq!(answer.leads_to(), offers, "{text}");
        }
    }
    assert_eq!(
        jane.get(&format!("{offers}?plan=professional")).await.leads_to(),
        format!("{offers}/professional")
    );
    assert_eq!(jane.get(&format!("{offers}?plan=../danger")).await.status, 200);
    trial.count + 2
}
