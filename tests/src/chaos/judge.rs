//! What is there when all is over: every accepted wish has come to its end, nothing is left over, nothing was made twice.

use super::{
    eyes::{Away, Eyes, Row},
    guest::{Accepted, Guest},
    killers::{Kind, Strike},
    report::Report,
};
use crate::{
    mail_server::MailServer,
    tenant::{ROLES, outcome, sign_in_code},
    until,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// How long all may take to come to rest once nothing is broken any more.
const REST: Duration = Duration::from_secs(240);
/// How long PostgreSQL may be down after a kill, in seconds.
const DOWN: f64 = 3.0;

/// What is still under way, in words.
const UNDER_WAY: &str = "
    select 'run ' || support_number || ' (' || kind || ') is ' || r.state || ' at ' || s.name || coalesce(': ' || s.error, '')
      from run r join step s on s.run_id = r.id and s.position = r.cursor where r.state in ('running', 'unwinding', 'stuck')
    union all select 'slot ' || name || ' is ' || state from slot where state <> 'ready'
    union all select 'a mail waits: ' || kind from outbox where state = 'waiting'
    union all select 'the removal of ' || name || ' is due' from tenant where removal_at <= now()
    union all select 'a handoff of ' || name || ' is over' from handoff h join tenant t on t.id = h.tenant_id
      where (h.state = 'sealed' and h.sealed_until <= now()) or (h.state = 'open' and h.open_until <= now())";

/// Two of what there must be one of, or none: in words.
const TWICE: &[&str] = &[
    "select 'run ' || r.support_number || ' is ' || r.state || ', and its ends in the audit log are: ' || coalesce(e.all_of_them, 'none')
     from run r left join lateral (select string_agg(a.action, ', ' order by a.position) as all_of_them from audit_event a
       where a.tenant_id = r.tenant_id and a.action in ('run.done', 'run.failed') and a.detail ->> 'number' = r.support_number) e on true
     where r.state in ('done', 'failed') and e.all_of_them is distinct from 'run.' || r.state",
    "select name || ' has ' || had || ' handoffs, of ' || made || ' runs that make one' from (
       select t.name, (select count(*) from handoff h where h.tenant_id = t.id) as had,
         (select count(*) from run r where r.tenant_id = t.id and r.state = 'done' and r.kind in ('onboard', 'renew_passwords')) as made
       from tenant t) c where had <> made",
    "select 'the database ' || wish || ' was made ' || count(*) || ' times' from tenant group by organisation_id, wish having count(*) > 1",
    "select 'step ' || s.name || ' of ' || r.support_number || ' is ' || s.state || ' in a run that is ' || r.state
     from step s join run r on r.id = s.run_id
     where (r.state = 'done' and s.state <> 'done') or (r.state = 'failed' and s.state not in ('undone', 'failed', 'waiting'))",
    "select 'mails of kind ' || kind || ' to ' || recipient || ': ' || mails || ', of ' || events || ' events' from (
       select coalesce(m.kind, e.kind) as kind, coalesce(m.recipient, e.recipient) as recipient,
         coalesce(m.mails, 0) as mails, coalesce(e.events, 0) as events
       from (select kind, recipient, count(*) as mails from outbox where kind not in ('sign_in', 'run_held', 'setup_failed') group by 1, 2) m
       full join (select case a.action || coalesce('.' || (a.detail ->> 'kind'), '')
             when 'handoff.seal' then 'ready' when 'handoff.reveal' then 'credentials_revealed'
             when 'handoff.expire' then 'credentials_expired' when 'run.done.suspend' then 'suspended'
             when 'run.done.destroy' then 'removal_scheduled' when 'run.done.remove' then 'removed' end as kind,
           p.email as recipient, count(*) as events
         from audit_event a join tenant t on t.id = a.tenant_id join account p on p.id = t.requested_by group by 1, 2) e
       using (kind, recipient) where coalesce(m.kind, e.kind) is not null) c where mails <> events",
];

/// All that is there to judge by.
pub struct Judge<'a> {
    /// On the control database.
    pub eyes: Eyes,
    /// What was mailed.
    pub mails: &'a MailServer,
    /// When all began.
    pub began: std::time::Instant,
    /// What is written down.
    pub report: &'a mut Report,
}

impl Judge<'_> {
    /// Waits until nothing is under way; what then still is, is lost.
    pub async fn rest(&mut self) {
        if !self.report.lost.is_empty() {
            // It did not come to rest the first time.
            return;
        }
        let end = Instant::now() + REST;
        let (mut calm, mut waits) = (0, 0);
        loop {
            let left = self.eyes.column(UNDER_WAY).await;
            calm = if matches!(&left, Ok(left) if left.is_empty()) { calm + 1 } else { 0 };
            // A sweep may just be about to begin something.
            if calm > 5 {
                return;
            }
            if Instant::now() > end {
                return self
                    .report
                    .lost
                    .extend(left.unwrap_or_else(|Away| vec!["the server does not answer".into()]));
            }
            if let Ok(left) = &left
                && left.len() != waits
            {
                waits = left.len();
                super::say(&left.join(", "), self.began);
            }
            // A mail that a dead portal had taken is left to it for a minute: that minute is over.
            let sooner = "update outbox set next_try_at = now() where state = 'waiting' and next_try_at > now() + interval '3 s'";
            let _ = self.eyes.rows(sooner).await;
            sleep(Duration::from_secs(1)).await;
        }
    }

    async fn column(&mut self, sql: &str) -> Vec<String> {
        self.rows(sql).await.into_iter().filter_map(|row| row.into_iter().next()).collect()
    }

    async fn rows(&mut self, sql: &str) -> Vec<Row> {
        until(30, "the control database", async || self.eyes.rows(sql).await.ok()).await
    }

    /// The journal, the audit log and the mails against each other.
    pub async fn books(&mut self) {
        for sql in TWICE {
            let found = self.column(sql).await;
            self.report.doubles.extend(found);
        }
        for row in self.rows("select kind, state, count(*) from run group by 1, 2").await {
            let count = row[2].parse().unwrap();
            self.report.runs.entry(row[0].clone()).or_default().insert(row[1].clone(), count);
        }
        let states = "select name || ' is ' || state from tenant
            where state not in ('active', 'suspended', 'destroying', 'failed', 'destroyed')";
        let between = self.column(states).await;
        self.report.lost.extend(between);
        let plain = |id: &str| id.trim_matches(['<', '>']).to_owned();
        let outbox: BTreeMap<_, _> = self
            .rows("select message_id, kind || ' to ' || recipient || ' is ' || state, state from outbox")
            .await
            .into_iter()
            .map(|row| (plain(&row[0]), (row[1].clone(), row[2] == "sent")))
            .collect();
        let mut seen = BTreeSet::new();
        for mail in self.mails.all().await {
            let id = plain(&mail.file);
            if !outbox.contains_key(&id) {
                self.report.doubles.push(format!("a mail that nobody sent: {} {}", mail.subject, mail.file));
            }
            self.report.mails_again += usize::from(!seen.insert(id));
        }
        for (id, (what, sent)) in &outbox {
            if !sent || !seen.contains(id) {
                self.report.lost.push(format!("mail {id}: {what}, came: {}", seen.contains(id)));
            }
        }
    }

    /// What pages said was accepted, against what was recorded.
    pub async fn accepted(&mut self, accepted: &[Accepted]) {
        let all =
            "select subject, action, extract(epoch from at) from audit_event where tenant_id is not null";
        let mut recorded: BTreeMap<(String, String), Vec<f64>> = BTreeMap::new();
        for row in self.rows(all).await {
            let [subject, action, at] = <[String; 3]>::try_from(row).unwrap();
            recorded.entry((subject, action)).or_default().push(at.parse().unwrap());
        }
        for Accepted { tenant, action, between: (from, to) } in accepted {
            let times = recorded.get(&(tenant.clone(), (*action).to_owned())).map_or(&[][..], Vec::as_slice);
            // The time of a record is when its transaction began.
            match times.iter().filter(|at| (from - 0.01..to + 0.01).contains(*at)).count() {
                1 => {}
                0 => self.report.lost.push(format!("{action} of {tenant} was accepted and is not recorded")),
                count => self.report.doubles.push(format!("{action} of {tenant} is recorded {count} times")),
            }
        }
        let begun = "select a.action || ' of ' || a.subject || ' has no run' from audit_event a
            where a.detail ? 'number' and not exists (select from run r where r.support_number = a.detail ->> 'number')";
        let without = self.column(begun).await;
        self.report.lost.extend(without);
    }

    /// Whether each tenant of somebody can be reached exactly as its state says, with what was shown for it.
    pub async fn reach(&mut self, guest: &mut Guest) {
        let all = format!(
            "select t.name, t.state, h.id, h.state from tenant t join account a on a.id = t.requested_by
             left join lateral (select id, state from handoff where tenant_id = t.id order by created_at desc limit 1) h on true
             where a.email = '{}'",
            guest.person.email
        );
        for row in self.rows(&all).await {
            let [name, state, _, handoff] = <[String; 4]>::try_from(row).unwrap();
            if state == "active" && matches!(handoff.as_str(), "sealed" | "open") {
                let _ = guest.reveal(&name).await;
            }
        }
        for row in self.rows(&all).await {
            let [name, state, handoff, stands] = <[String; 4]>::try_from(row).unwrap();
            if state == "active" && stands == "sealed" {
                self.report.lost.push(format!("the credentials of {name} cannot be revealed"));
            }
            let Some(shown) = guest.shown.get(&name).filter(|shown| shown.handoff == handoff) else {
                continue;
            };
            for role in ROLES {
                let code = sign_in_code(&shown.credentials.options(role)).await;
                let fits = match state.as_str() {
                    "active" if stands == "expired" => code != "OK",
                    "active" => code == "OK",
                    _ => code != "OK",
                };
                if !fits {
                    self.report.lost.push(format!(
                        "{name} is {state}, its handoff is {stands}, and {role} is answered {code}"
                    ));
                }
            }
            if state == "active" && stands != "expired" && shown.marked {
                let mut sql = shown.credentials.connect("owner").await;
                let there =
                    outcome(&mut sql, "do 'begin assert (select count(*) = 1 from chaos_mark); end'").await;
                if there != "OK" {
                    self.report.lost.push(format!("what was written into {name} is gone: {there}"));
                }
            }
        }
    }

    /// How long the runs that were struck took to their end.
    pub async fn times(&mut self, strikes: &[Strike]) {
        let ended = "select id, extract(epoch from finished_at) from run where finished_at is not null";
        let ended: BTreeMap<_, f64> =
            self.rows(ended).await.into_iter().map(|row| (row[0].clone(), row[1].parse().unwrap())).collect();
        let mut first: BTreeMap<&str, f64> = BTreeMap::new();
        let mut last: BTreeMap<&str, f64> = BTreeMap::new();
        for strike in strikes.iter().filter(|strike| strike.counted) {
            let Some(able_at) = strike.able_at.get() else { continue };
            for run in &strike.runs {
                first.entry(run).or_insert(strike.at);
                last.insert(run, *able_at);
            }
        }
        let since = |starts: &BTreeMap<&str, f64>| {
            let took =
                starts.iter().filter_map(|(run, from)| Some((ended.get(*run)? - from).max(0.0) * 1000.0));
            took.collect::<Vec<_>>()
        };
        // Where PostgreSQL was down meanwhile its own start would be counted, too.
        let undisturbed = |strike: &Strike, until: f64| {
            let down = |other: &&Strike| matches!(other.kind, Kind::ServerKill | Kind::BackendKill);
            let mut others = strikes.iter().filter(down).filter(|other| !std::ptr::eq(*other, strike));
            !others.any(|other| (strike.at - DOWN..until).contains(&other.at))
        };
        let ready = strikes.iter().filter_map(|strike| Some((strike, *strike.ready.get()?)));
        let ready = ready.filter(|(strike, (_, until))| undisturbed(strike, *until));
        self.report.ready_ms = ready.map(|(_, (from, until))| (until - from) * 1000.0).collect();
        self.report.recovery_ms = since(&last);
        self.report.struck_to_end_ms = since(&first);
    }
}
