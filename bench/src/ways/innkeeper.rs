//! Innkeeper's own way: a new person's onboarding, from the transaction that accepted it to the commit that made it
//! ready, both by the control database's clock. Signing up and filling in the wizard are not timed; the person watches
//! the set-up meanwhile, as customers do.

use crate::{
    Result,
    server::{Server, run},
};
use innkeeper_tests::{Form, Person, Portal, person::tenant_of};
use sqlx::Connection as _;
use std::sync::atomic::{AtomicU32, Ordering};

/// The portal and its guests.
pub struct Innkeeper<'a> {
    portal: &'a Portal,
    server: &'a Server,
    guests: AtomicU32,
}

/// Somebody who has only to press "Create database".
pub struct Customer {
    person: Person,
    form: Form,
}

/// What the control database says of an onboarding.
pub struct Onboarding {
    /// When the transaction began that accepted it, in seconds.
    pub accepted: f64,
    /// When the commit came that made it ready.
    pub ready: f64,
    /// What happened in between, in order: its name and how many seconds it took. They add up to the whole.
    pub steps: Vec<(String, f64)>,
}

impl Onboarding {
    /// From accepted to ready.
    pub fn seconds(&self) -> f64 {
        self.ready - self.accepted
    }
}

impl<'a> Innkeeper<'a> {
    /// This portal, whose server keeps the times of commits and gets room for all who come.
    pub async fn prepare(portal: &'a Portal, server: &'a Server) -> Result<Self> {
        let mut control = server.connect("innkeeper").await?;
        let room = "update server set connection_overcommit = 10000, storage_overcommit = 10000, max_tenants = 100000";
        run(&mut control, room.into()).await?;
        control.close().await?;
        Ok(Self { portal, server, guests: AtomicU32::new(0) })
    }

    /// Somebody new signs up and comes to the last page of the wizard.
    pub async fn comes(&self) -> Customer {
        let guest = self.guests.fetch_add(1, Ordering::Relaxed);
        let person = Person::new(self.portal, &format!("guest{guest}@acme{guest}.example"));
        person.sign_up(self.portal).await;
        let form = person.wish(&format!("Acme {guest}"), "bench", &[]).await;
        Customer { person, form }
    }

    /// The customer presses the button and waits until the database is ready; its name.
    pub async fn serve(&self, Customer { person, form }: Customer) -> Result<String> {
        let answer = person.press(&form).await;
        if answer.status != 303 {
            return Err(format!("not accepted: {answer}").into());
        }
        let name = tenant_of(&answer.leads_to());
        let page = person.wait_until_over(&name, 120).await;
        if page.status != 303 {
            return Err(format!("not made: {page}").into());
        }
        Ok(name)
    }

    /// What the journal says of this database's onboarding.
    pub async fn onboarding(&self, name: &str) -> Result<Onboarding> {
        let mut control = self.server.connect("innkeeper").await?;
        // The handoff's row is made by the commit that makes the tenant active, and not touched before it is revealed.
        let (accepted, ready): (f64, f64) = sqlx::query_as(
            "select extract(epoch from t.created_at)::float8, extract(epoch from pg_xact_commit_timestamp(h.xmin))::float8
             from tenant t join handoff h on h.tenant_id = t.id where t.name = $1",
        )
        .bind(name)
        .fetch_one(&mut control)
        .await?;
        let rows: Vec<(String, f64, f64)> = sqlx::query_as(
            "select s.name, extract(epoch from s.started_at)::float8, extract(epoch from s.finished_at)::float8
             from tenant t join run r on r.tenant_id = t.id join step s on s.run_id = r.id
             where t.name = $1 order by s.position",
        )
        .bind(name)
        .fetch_all(&mut control)
        .await?;
        control.close().await?;
        // A step's end and the next one's beginning are one transaction, whose time is the moment it began: its commit
        // counts as a part of the next step.
        let mut steps = vec![("(accepted, taken by a worker)".to_owned(), accepted)];
        steps.extend(rows.iter().map(|(name, started, _)| (name.clone(), *started)));
        steps.push(("(last commit)".to_owned(), rows.last().ok_or("no steps")?.2));
        let ends: Vec<f64> = steps.iter().skip(1).map(|(_, began)| *began).chain([ready]).collect();
        let steps = steps.into_iter().zip(ends).map(|((name, began), end)| (name, end - began)).collect();
        Ok(Onboarding { accepted, ready, steps })
    }
}
