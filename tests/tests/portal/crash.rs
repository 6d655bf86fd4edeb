//! What people see and do when a step of their onboarding fails for good. All other faults: `faults`.

use innkeeper_tests::{
    Options, Person, Portal, orphans,
    tenant::{run, texts, value},
};
use std::{fs, path::PathBuf};

/// A portal with faults on order.
struct House {
    portal: Portal,
    orders: PathBuf,
    jane: Person,
}

impl House {
    async fn open() -> Self {
        let mut options = Options::default();
        for name in ["REQUEST_PER_ACCOUNT", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"] {
            options = options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600");
        }
        let mut portal = Portal::prepare(&options);
        let orders = portal.folder().join("orders");
        portal.set("INNKEEPER_FAILPOINTS", &orders.to_string_lossy());
        portal.restart().await;
        let jane = Person::new(&portal, "jane@acme.example");
        jane.sign_up(&portal).await;
        Self { portal, orders, jane }
    }

    /// The names of the steps, from the journal of a run that is done.
    async fn steps(&self) -> Vec<String> {
        self.jane.create("Acme", "first", &[]).await;
        let steps = "select s.name from step s join run r on r.id = s.run_id where r.kind = 'onboard' order by position";
        let steps = texts(&mut self.portal.control().await, steps).await;
        assert!(steps.len() >= 10, "{steps:?}");
        steps
    }

    /// The next time the step is taken it fails for good.
    fn order(&self, step: &str) {
        fs::write(&self.orders, format!("{step}:after_intent:fatal\n")).unwrap();
    }

    /// Whether the doctor and our own comparison find nothing.
    async fn is_clean(&self, after: &str) {
        let output = self.portal.run(&["doctor", "--orphans"]).await;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "after {after}: {said}");
        assert_eq!(orphans::compare(&self.portal).await, [""; 0], "after {after}");
    }
}

#[tokio::test]
async fn a_step_that_fails_for_good_is_undone_and_can_be_tried_again() {
    let house = House::open().await;
    let steps = house.steps().await;
    for (at, step) in steps.iter().enumerate() {
        house.order(step);
        let name = house.jane.request("Acme", &format!("fatal_{at}"), &[]).await;
        let page = house.jane.wait_until_over(&name, 60).await;
        assert_eq!(page.status, 200, "{step}: {page}");
        let text = page.html().text();
        assert!(text.contains(&format!("ordered fault at {step}")), "the page says why: {text}");
        assert!(
            text.contains("rolled back") && text.contains("Try again"),
            "the page says what to do: {text}"
        );
        let mut control = house.portal.control().await;
        let number = format!(
            "select r.support_number from run r join tenant t on t.id = r.tenant_id where t.name = '{name}'"
        );
        let number = value(&mut control, &number).await;
        assert!(text.contains(&number), "the page gives the support number: {text}");
        let mail = house.portal.mailbox.wait(&house.jane.email, 0, |mail| mail.text.contains(&number)).await;
        assert!(mail.text.contains(&name), "{}", mail.text);
        house.is_clean(step).await;

        // Pressed twice at once it is tried again once.
        let retry = page.form("/do/retry");
        for answer in futures::future::join_all([house.jane.press(&retry), house.jane.press(&retry)]).await {
            assert_eq!(answer.leads_to(), format!("/t/{name}/setup"));
        }
        house.jane.wait_until_ready(&name, 60).await;
        let runs =
            format!("select count(*) from run r join tenant t on t.id = r.tenant_id where t.name = '{name}'");
        assert_eq!(value(&mut control, &runs).await, "2");
    }
    println!(
        "crash: {} steps failed for good, each undone whole, each tried again with success",
        steps.len()
    );

    // Or the person starts over, with the wishes still there.
    house.order(&steps[0]);
    let name = house.jane.request("Acme", "other", &[("plan", "professional")]).await;
    let page = house.jane.wait_until_over(&name, 60).await;
    let answer = house.jane.press(&page.form("/do/start-over")).await;
    assert_eq!(answer.leads_to(), "/sign-up/database");
    let again = house.jane.form("/sign-up/database", "/do/database").await.values;
    assert_eq!((again.get("database"), again.get("plan")), (Some("other"), Some("professional")));
    house.is_clean("starting over").await;

    // An undoing that cannot go on is stuck, says so, and the doctor finds it.
    let mut control = house.portal.control().await;
    run(&mut control, &format!("update run set state = 'stuck', finished_at = null where tenant_id = (select id from tenant where name = '{name}')")).await;
    assert_eq!(house.portal.run(&["doctor"]).await.status.code(), Some(1));
}
