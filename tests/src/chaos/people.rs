//! What people do meanwhile: runs of all kinds, started by the pages of either portal.

use super::{
    eyes::{Away, now},
    guest::{Accepted, Guest, Pressed},
};
use reqwest::Method;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Tenants of one person at the same time.
const TENANTS: usize = 2;
/// Longest time that somebody waits for one run before they look after something else.
const PATIENCE: Duration = Duration::from_secs(60);

/// One of somebody's tenants, as the control database has it.
struct Standing {
    name: String,
    state: String,
    plan: String,
    under_way: bool,
    handoff: String,
}

/// Lives until it is told to stop, then takes what was made ready, and tells what it knows.
pub async fn live(mut guest: Guest, stop: Arc<AtomicBool>) -> Guest {
    while !stop.load(Ordering::Relaxed) {
        let pause = if guest.act().await.is_err() { (100, 400) } else { (20, 300) };
        sleep(guest.dice.pause(pause.0, pause.1)).await;
    }
    guest
}

impl Guest {
    async fn standing(&mut self) -> Result<Vec<Standing>, Away> {
        let all = format!(
            "select t.name, t.state, t.plan_name,
               exists (select from run r where r.tenant_id = t.id and r.state in ('running', 'unwinding', 'stuck')),
               (select h.state from handoff h where h.tenant_id = t.id order by h.created_at desc limit 1)
             from tenant t join account a on a.id = t.requested_by
             where a.email = '{}' and t.state <> 'destroyed' order by t.created_at",
            self.person.email
        );
        let rows = self.eyes.rows(&all).await?;
        let read = |row: Vec<String>| {
            let [name, state, plan, under_way, handoff] = <[String; 5]>::try_from(row).ok()?;
            Some(Standing { name, state, plan, under_way: under_way == "t", handoff })
        };
        Ok(rows.into_iter().filter_map(read).collect())
    }

    /// One deed.
    async fn act(&mut self) -> Result<(), Away> {
        let all = self.standing().await?;
        let lasting = all.iter().filter(|tenant| tenant.state != "failed").count();
        if lasting == 0 || lasting < TENANTS && self.dice.chance(40) {
            return self.onboard().await;
        }
        let idle: Vec<_> = all.iter().filter(|tenant| !tenant.under_way).collect();
        let Some(tenant) = self.dice.pick(&idle) else { return Ok(()) };
        let name = tenant.name.as_str();
        match (tenant.state.as_str(), tenant.handoff.as_str()) {
            ("failed", _) if lasting < TENANTS => self.deed(name, "setup", "/do/retry", "tenant.retry").await,
            // Nobody ever opens it.
            ("active", "sealed") if self.dice.chance(12) => {
                let late = format!(
                    "update handoff set sealed_until = now() where state = 'sealed'
                       and tenant_id = (select id from tenant where name = '{name}')"
                );
                self.eyes.rows(&late).await.map(drop)
            }
            ("active", "sealed" | "open") => self.reveal(name).await,
            ("active", _) => match self.dice.below(4) {
                0 => self.deed(name, "danger/suspend", "/do/suspend", "tenant.suspend").await,
                1 => self.destroy(name).await,
                2 => self.deed(name, "credentials/reset", "/do/reset-passwords", "handoff.renew").await,
                _ => {
                    let other = if tenant.plan == "starter" { "professional" } else { "starter" };
                    let page = format!("plan/{other}");
                    self.wish(name, &page, "/do/change-plan", "tenant.change_plan", &[("plan", other)])
                        .await?;
                    self.over(name).await
                }
            },
            ("suspended", _) if self.dice.chance(30) => self.destroy(name).await,
            ("suspended", _) => self.deed(name, "danger/resume", "/do/resume", "tenant.resume").await,
            ("destroying", _) if self.dice.chance(50) => {
                self.deed(name, "danger/cancel-deletion", "/do/cancel-deletion", "tenant.keep").await
            }
            ("destroying", _) => {
                // Seven days later.
                let due = format!(
                    "update tenant set removal_at = now() where name = '{name}' and removal_at is not null"
                );
                self.eyes.rows(&due).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Asks and waits for the end of what comes of it.
    async fn deed(&mut self, tenant: &str, page: &str, form: &str, action: &'static str) -> Result<(), Away> {
        self.wish(tenant, page, form, action, &[("confirmation", tenant)]).await?;
        self.over(tenant).await
    }

    /// Destroys, and sometimes thinks better of it at once.
    async fn destroy(&mut self, tenant: &str) -> Result<(), Away> {
        let typed = [("confirmation", tenant)];
        let pressed = self.wish(tenant, "danger/delete", "/do/delete", "tenant.destroy", &typed).await?;
        if pressed == Pressed::Accepted && self.dice.chance(25) {
            sleep(self.dice.pause(1, 600)).await;
            return self.deed(tenant, "danger/cancel-deletion", "/do/cancel-deletion", "tenant.keep").await;
        }
        self.over(tenant).await
    }

    /// Waits until nothing is under way with a tenant.
    async fn over(&mut self, tenant: &str) -> Result<(), Away> {
        let live = format!(
            "select 1 from run r join tenant t on t.id = r.tenant_id where t.name = '{tenant}'
               and r.state in ('running', 'unwinding', 'stuck')"
        );
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if matches!(self.eyes.rows(&live).await, Ok(rows) if rows.is_empty()) {
                return Ok(());
            }
            sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Asks for a database. What was not answered is pressed once more: that must not make a second one.
    async fn onboard(&mut self) -> Result<(), Away> {
        let who = self.person.email.split('@').next().unwrap_or_default().to_owned();
        let wish = format!("{who}_{}", self.wishes.len());
        let page = self.look("/sign-up/database").await?;
        if page.status != 200 {
            return Err(Away);
        }
        let mut form = page.form("/do/database");
        let organisation = format!("House of {who}");
        for (name, value) in [("organisation", organisation.as_str()), ("database", wish.as_str())] {
            form.values = form.values.with(name, value);
        }
        let answer = self.ask(Method::POST, "/do/database", Some(&form)).await?;
        if answer.status != 303 || answer.leads_to() != "/sign-up/review" {
            return Err(Away);
        }
        let page = self.look("/sign-up/review").await?;
        if page.status != 200 {
            return Err(Away);
        }
        let form = page.form("/do/check");
        self.wishes.push(wish);
        let from = now();
        for _ in 0..20 {
            let Ok(answer) = self.ask(Method::POST, "/do/check", Some(&form)).await else {
                sleep(self.dice.pause(50, 500)).await;
                continue;
            };
            let leads_to = if answer.status == 303 { answer.leads_to() } else { String::new() };
            let Some(tenant) = leads_to.strip_prefix("/t/").and_then(|rest| rest.strip_suffix("/setup"))
            else {
                return Ok(());
            };
            let tenant = tenant.to_owned();
            let between = (from, now());
            self.accepted.push(Accepted { tenant: tenant.clone(), action: "tenant.request", between });
            return self.over(&tenant).await;
        }
        Ok(())
    }
}
