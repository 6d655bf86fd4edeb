//! A portal under faults, and what a person does in it.

use super::cells::{Cell, Expected};
use innkeeper_tests::{
    Credentials, Form, Options, Person, Portal, orphans, slots,
    tenant::{ROLES, run, sign_in_code, texts, value},
    until,
};
use reqwest::Method;
use std::{fs, path::PathBuf};

/// Longest time from "ready" to the end of an interrupted run.
const RECOVERED_WITHIN: f64 = 10.0;

/// The kinds of runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Onboard,
    RenewPasswords,
    ExpirePasswords,
    Suspend,
    Resume,
    Destroy,
    UndoDestroy,
    Remove,
    ChangePlan,
}

impl Kind {
    /// As the journal has it.
    fn stored(self) -> &'static str {
        match self {
            Self::Onboard => "onboard",
            Self::RenewPasswords => "renew_passwords",
            Self::ExpirePasswords => "expire_passwords",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Destroy => "destroy",
            Self::UndoDestroy => "undo_destroy",
            Self::Remove => "remove",
            Self::ChangePlan => "change_plan",
        }
    }

    /// Whether a step that fails for good undoes nothing, because that would lose something.
    pub fn holds(self, step: &str) -> bool {
        self == Self::Remove || ["cut_off", "final_backup"].contains(&step)
    }

    /// Whether a run of the kind can be undone at all.
    pub fn turns_back(self) -> bool {
        self != Self::Remove
    }

    /// The state of the tenant when the run is done, and when it was undone.
    fn leads_to(self) -> (&'static str, &'static str) {
        match self {
            Self::Onboard => ("active", "failed"),
            Self::RenewPasswords | Self::ExpirePasswords | Self::ChangePlan => ("active", "active"),
            Self::Suspend => ("suspended", "active"),
            Self::Resume => ("active", "suspended"),
            Self::Destroy => ("destroying", "active"),
            Self::UndoDestroy => ("active", "destroying"),
            Self::Remove => ("destroyed", "destroying"),
        }
    }
}

/// A portal with one person, and a tenant that goes through runs of one kind.
pub struct House {
    portal: Portal,
    orders: PathBuf,
    jane: Person,
    kind: Kind,
    /// How many databases stand ready before each run.
    ready: usize,
    count: usize,
    /// The tenant and what signs in to it, where that is known.
    tenant: Option<(String, Credentials)>,
    /// A tenant whose passwords nobody opens.
    unopened: Option<String>,
}

impl House {
    pub async fn open(options: Options, kind: Kind, ready: usize) -> Self {
        let mut options = options.set("INNKEEPER_FAILPOINT_DEADLINE", "5000");
        options = options.set("INNKEEPER_READY_SLOTS", &ready.to_string());
        for name in ["REQUEST_PER_ACCOUNT", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"] {
            options = options.set(&format!("INNKEEPER_LIMIT_{name}"), "100000/600");
        }
        let mut portal = Portal::start(options).await;
        let orders = portal.folder().join("orders");
        portal.set("INNKEEPER_FAILPOINTS", &orders.to_string_lossy());
        portal.kill9().await;
        portal.restart().await;
        let jane = Person::new(&portal, "jane@acme.example");
        jane.sign_up(&portal).await;
        Self { portal, orders, jane, kind, ready, count: 0, tenant: None, unopened: None }
    }

    /// One run without faults: the names of its steps.
    pub async fn rehearse(&mut self) -> Vec<String> {
        let cell = Cell { orders: Vec::new(), ends: Expected::Done };
        self.perform(&cell).await;
        let steps = format!(
            "select name from step where run_id = (select id from run where kind = '{}' order by created_at limit 1)
             order by position",
            self.kind.stored()
        );
        texts(&mut self.portal.control().await, &steps).await
    }

    /// One run under faults; how it ended, and how long after the portal was ready again.
    pub async fn perform(&mut self, cell: &Cell) -> (Expected, f64) {
        let what = format!("{:?} under {:?}", self.kind, cell.orders);
        self.prepare().await;
        fs::write(&self.orders, cell.orders.iter().map(|order| format!("{order}\n")).collect::<String>())
            .unwrap();
        let mut control = self.portal.control().await;
        let started = value(&mut control, "select clock_timestamp()").await;
        let name = self.begin().await;
        for _ in 0..cell.kills() {
            self.portal.killed(60).await;
            self.portal.restart().await;
        }
        let ready = value(&mut control, "select clock_timestamp()").await;
        let run = format!(
            "run r join tenant t on t.id = r.tenant_id where t.name = '{name}' and r.kind = '{}'
               and r.created_at >= '{started}'",
            self.kind.stored()
        );
        let over = format!("select r.state from {run} and r.finished_at is not null");
        let mut state =
            until(60, &format!("the end of {what}"), async || texts(&mut control, &over).await.pop()).await;
        let took = format!("select greatest(extract(epoch from r.finished_at - '{ready}'), 0) from {run}");
        let took: f64 = value(&mut control, &took).await.parse().unwrap();
        assert_eq!(fs::read_to_string(&self.orders).unwrap(), "", "{what}: not every fault struck");
        if cell.kills() > 0 {
            assert!(took <= RECOVERED_WITHIN, "{what}: over {took} s after the portal was ready");
        }
        let ends = match state.as_str() {
            "done" => Expected::Done,
            "failed" => Expected::Undone,
            "stuck" => Expected::Held,
            other => panic!("{what}: {other}"),
        };
        assert_eq!(ends, cell.ends, "{what}");
        if ends == Expected::Held {
            let number = value(&mut control, &format!("select r.support_number from {run}")).await;
            let said = self.portal.run(&["run", "resume", &number]).await;
            assert!(said.status.success(), "{what}: {}", String::from_utf8_lossy(&said.stderr));
            state = until(60, &format!("the end of {what}"), async || texts(&mut control, &over).await.pop())
                .await;
            assert_eq!(state, "done", "{what}: let go on");
        }
        if (self.kind, ends) == (Kind::UndoDestroy, Expected::Undone) {
            let put_off = format!(
                "select case when removal_at > now() + interval '23 hours' then 'put off' end from tenant where name = '{name}'"
            );
            assert_eq!(value(&mut control, &put_off).await, "put off", "{what}: it must not go unseen");
        }
        let (done, undone) = self.kind.leads_to();
        let expected = if ends == Expected::Undone { undone } else { done };
        let stands = value(&mut control, &format!("select state from tenant where name = '{name}'")).await;
        assert_eq!(stands, expected, "{what}");
        self.check(&what, &name, expected).await;
        (ends, took)
    }

    /// Whether nothing is left over, and the tenant can be reached exactly as its state says.
    async fn check(&mut self, what: &str, name: &str, state: &str) {
        slots::at_rest(&mut self.portal.control().await, self.ready).await;
        let output = self.portal.run(&["doctor", "--orphans"]).await;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{what}: {said}");
        assert_eq!(orphans::compare(&self.portal).await, [""; 0], "{what}");
        if state == "active" && self.kind == Kind::Onboard {
            self.fresh_sign_in().await;
            self.jane.reveal(name).await.connect("app").await;
        }
        let Some((tenant, credentials)) = &self.tenant else { return };
        if tenant != name {
            return;
        }
        for role in ROLES {
            let code = sign_in_code(&credentials.options(role)).await;
            let fits = match (self.kind, state) {
                // Which passwords hold is looked at by `begin`.
                (Kind::RenewPasswords | Kind::ExpirePasswords, _) => true,
                (_, "active") => code == "OK",
                (_, "destroyed") => code != "OK",
                _ => code == "28000",
            };
            assert!(fits, "{what}: {role} is answered {code} by a tenant that is {state}");
        }
        if state == "suspended" {
            let left = format!(
                "select count(*) from pg_stat_activity where datname = '{name}' or usename ~ '^{name}_'"
            );
            assert_eq!(value(&mut self.portal.sql("postgres").await, &left).await, "0", "{what}");
        }
    }

    async fn fresh_sign_in(&self) {
        run(&mut self.portal.control().await, "update session set authenticated_at = now()").await;
    }

    /// Brings a tenant to where a run of the kind can start.
    async fn prepare(&mut self) {
        self.fresh_sign_in().await;
        slots::at_rest(&mut self.portal.control().await, self.ready).await;
        if self.kind == Kind::Onboard {
            return;
        }
        let mut control = self.portal.control().await;
        let state = match &self.tenant {
            None => String::new(),
            Some((name, _)) => {
                value(&mut control, &format!("select state from tenant where name = '{name}'")).await
            }
        };
        if state.is_empty() || state == "destroyed" || self.kind == Kind::ExpirePasswords {
            self.count += 1;
            let name = self.jane.create("Acme", &format!("house{}", self.count), &[]).await;
            let path = format!("/t/{name}/handoff");
            if self.kind == Kind::ExpirePasswords {
                let page = self.jane.open(&path).await;
                assert!(page.has_form("/do/reveal"), "{page}");
                self.unopened = Some(name);
                return;
            }
            let credentials = self.jane.reveal(&name).await;
            self.jane.press(&self.jane.form(&path, "/do/confirm").await).await;
            self.tenant = Some((name, credentials));
        } else if self.kind == Kind::RenewPasswords {
            self.close_handoff().await;
        }
        let name = self.name();
        let state = value(&mut control, &format!("select state from tenant where name = '{name}'")).await;
        match (self.kind, state.as_str()) {
            (Kind::Suspend | Kind::Destroy, "suspended") => self.act("resume", "active").await,
            (Kind::Suspend | Kind::Destroy, "destroying") => self.act("cancel-deletion", "active").await,
            (Kind::Resume, "active") => self.act("suspend", "suspended").await,
            (Kind::UndoDestroy | Kind::Remove, "active") => self.act("delete", "destroying").await,
            _ => {}
        }
    }

    /// After new passwords were made they are opened and saved, so that new ones can be made again.
    async fn close_handoff(&mut self) {
        let name = self.name();
        let path = format!("/t/{name}/handoff");
        let page = self.jane.open(&path).await;
        if page.has_form("/do/reveal") {
            let credentials = self.jane.reveal(&name).await;
            for role in ROLES {
                assert_eq!(sign_in_code(&credentials.options(role)).await, "OK", "the new passwords hold");
            }
            self.jane.press(&self.jane.form(&path, "/do/confirm").await).await;
            self.tenant = Some((name, credentials));
        } else if let Some((_, credentials)) = &self.tenant {
            for role in ROLES {
                let code = sign_in_code(&credentials.options(role)).await;
                assert_eq!(code, "28P01", "a reset that was undone brings no password back: {role}");
            }
        }
    }

    fn name(&self) -> String {
        self.tenant.as_ref().map(|(name, _)| name.clone()).expect("a tenant")
    }

    /// Presses one of the buttons of the danger zone.
    async fn press(&self, act: &str) {
        let name = self.name();
        let form = self.jane.form(&format!("/t/{name}/danger/{act}"), &format!("/do/{act}")).await;
        let typed: &[(&str, &str)] =
            if form.values.get("confirmation").is_some() { &[("confirmation", &name)] } else { &[] };
        self.send(&form, typed, &format!("/t/{name}/danger")).await;
    }

    /// Sends a form. The portal may die of the run before it has answered; that it took the form is seen by its run.
    async fn send(&self, form: &Form, changes: &[(&str, &str)], leads_to: &str) {
        let values = changes.iter().fold(form.values.clone(), |all, (name, value)| all.with(name, value));
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let body = Some(values.encode().into_bytes());
        if let Ok(answer) = self.jane.try_ask(Method::POST, &form.action, &kind, body).await {
            assert!(answer.leads_to().starts_with(leads_to), "{answer}");
        }
    }

    async fn act(&self, act: &str, state: &str) {
        self.press(act).await;
        let mut control = self.portal.control().await;
        let there = format!(
            "select true from tenant t where t.name = '{}' and t.state = '{state}' and not exists (select from run r
               where r.tenant_id = t.id and r.state in ('running', 'unwinding', 'stuck'))",
            self.name()
        );
        until(60, act, async || texts(&mut control, &there).await.pop()).await;
    }

    /// Starts a run of the kind; the tenant's name.
    async fn begin(&mut self) -> String {
        let mut control = self.portal.control().await;
        match self.kind {
            Kind::Onboard => {
                self.count += 1;
                let form = self.jane.wish("Acme", &format!("house{}", self.count), &[]).await;
                self.send(&form, &[], "").await;
                let newest = "select name from tenant order by created_at desc, id desc limit 1";
                return value(&mut control, newest).await;
            }
            Kind::ExpirePasswords => {
                let name = self.unopened.clone().expect("a tenant");
                let late = format!(
                    "update handoff set sealed_until = now() where tenant_id = (select id from tenant where name = '{name}')"
                );
                run(&mut control, &late).await;
                return name;
            }
            Kind::RenewPasswords => {
                let name = self.name();
                let path = format!("/t/{name}/credentials/reset");
                let form = self.jane.form(&path, "/do/reset-passwords").await;
                self.send(&form, &[("confirmation", &name)], &format!("/t/{name}/handoff")).await;
            }
            Kind::Suspend => self.press("suspend").await,
            Kind::Resume => self.press("resume").await,
            Kind::Destroy => self.press("delete").await,
            Kind::UndoDestroy => {
                // In the last minute: whatever goes wrong, it is not removed.
                let soon =
                    "update tenant set removal_at = now() + interval '1 minute' where removal_at is not null";
                run(&mut control, soon).await;
                self.press("cancel-deletion").await;
            }
            Kind::Remove => {
                let due = format!("update tenant set removal_at = now() where name = '{}'", self.name());
                run(&mut control, &due).await;
            }
            Kind::ChangePlan => self.change_plan().await,
        }
        self.name()
    }

    /// To the other of the two plans.
    async fn change_plan(&self) {
        let name = self.name();
        let now = format!("select plan_name from tenant where name = '{name}'");
        let now = value(&mut self.portal.control().await, &now).await;
        let other = if now == "starter" { "professional" } else { "starter" };
        let form = self.jane.form(&format!("/t/{name}/plan/{other}"), "/do/change-plan").await;
        self.send(&form, &[("plan", other)], &format!("/t/{name}/plan")).await;
    }
}
