//! Everything a tenant could try to get out: each statement by each role in a session without a past, its answer
//! compared with the table, its effect looked at from outside.

use super::{Street, repair::Repair};
use innkeeper_tests::{
    Credentials, Portal,
    catalog::{self, Watched},
    notices::Notices,
    tenant::{ROLES, code, outcome, run, value},
    until,
};
use sqlx::{Connection as _, PgConnection};
use std::{fs, path::Path};

/// A statement and its answers on one major version, for owner, app and readonly.
struct Attempt {
    sql: String,
    answers: [String; 3],
}

fn attempts(major: u32) -> Vec<Attempt> {
    let table = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/escapes.tsv")).unwrap();
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let read = lines.map(|line| {
        let cells: Vec<_> = line.split('\t').map(str::to_owned).collect();
        let [sql, answers @ ..] = &cells[..] else { panic!("an empty line") };
        let answers = if major < 18 { &answers[..3] } else { &answers[3..] };
        Attempt { sql: sql.clone(), answers: answers.to_vec().try_into().unwrap() }
    });
    read.collect()
}

/// Statements that mean something only within a transaction.
fn in_transaction(sql: &str) -> bool {
    ["lock table", "prepare transaction", "set transaction", "select * from pg_database for update"]
        .iter()
        .any(|start| sql.starts_with(start))
}

/// What the read-only role may do once it has switched its own setting off: nothing that changes data (E5).
const WITHOUT_THE_SETTING: [&str; 19] = [
    "grant connect on database {att} to public",
    "revoke connect on database {att} from {att}",
    "alter role {me} password 'new'",
    "alter role {me} password null",
    "alter role {me} set work_mem='2GB'",
    "alter role {me} set statement_timeout=0",
    "alter role {me} in database {att} set statement_timeout=0",
    "alter role {me} in database {vic} set statement_timeout=0",
    "alter role {me} set local_preload_libraries='x'",
    "alter role {me} set default_transaction_read_only=off",
    "alter role {me} set role='{vic}_owner'",
    "alter role {me} reset all",
    "alter role {att}_readonly password 'x'",
    "update pg_catalog.pg_settings set setting='x' where name='hba_file'",
    "alter role {me} set password_encryption='md5'",
    "alter default privileges grant select on tables to public",
    "grant usage on schema public to public",
    "grant all on schema public to {vic}_app",
    "grant select on all tables in schema public to public",
];

/// Sessions that stand open while the statements run, for those that aim at other sessions.
struct Targets {
    victim: PgConnection,
    app: PgConnection,
    owner: PgConnection,
    superuser: PgConnection,
}

impl Targets {
    async fn open(portal: &Portal, att: &Credentials, vic: &Credentials) -> Self {
        Self {
            victim: vic.connect("app").await,
            app: att.connect("app").await,
            owner: att.connect("owner").await,
            superuser: portal.sql("postgres").await,
        }
    }

    async fn fill(&mut self, sql: &str) -> String {
        let mut filled = sql.to_owned();
        let Self { victim, app, owner, superuser } = self;
        let all = [("{vicpid}", victim), ("{apppid}", app), ("{ownpid}", owner), ("{supid}", superuser)];
        for (mark, connection) in all {
            if filled.contains(mark) {
                filled = filled.replace(mark, &value(connection, "select pg_backend_pid()").await);
            }
        }
        filled
    }
}

/// The attacker's and the victim's side, and how all was before.
struct Siege<'a> {
    att: &'a Credentials,
    vic: &'a Credentials,
    targets: Targets,
    repair: Repair,
    notices: Notices,
    shared: Watched,
    inside: Watched,
    /// The attacker's session, with its role and first statement, while nothing in it has succeeded.
    session: Option<((&'static str, Option<&'static str>), PgConnection)>,
    /// A superuser's connection to the attacker's database.
    within: PgConnection,
}

/// Runs all; the number of statements, and how many of them the read-only role tried twice.
pub(super) async fn all_answered(street: &Street) -> (usize, usize) {
    let [att, vic, any] = &street.tenants[..] else { panic!("three tenants") };
    let attempts = attempts(street.major);
    assert_eq!(attempts.len(), 255);
    let table = "create table public.tt (i int); insert into public.tt values (1)";
    for tenant in [att, vic] {
        run(&mut tenant.connect("owner").await, table).await;
    }
    let portal = &street.portal;
    let mut within = portal.sql(&att.database).await;
    let mut siege = Siege {
        att,
        vic,
        targets: Targets::open(portal, att, vic).await,
        repair: Repair::prepare(portal, att, vic).await,
        notices: Notices::listen(),
        shared: Watched::shared(&mut portal.sql("postgres").await).await,
        inside: Watched::inside(&mut within).await,
        session: None,
        within,
    };
    let others = ["postgres", "template1", "innkeeper", &vic.database, &any.database];
    let elsewhere = catalog::inside_of(portal, &others).await;
    let files = catalog::files(&portal.cluster());
    let mut wrong = Vec::new();
    let mut repeated = 0;
    for (at, role) in ROLES.into_iter().enumerate() {
        for attempt in &attempts {
            let answer = siege.attempt(role, &attempt.sql, None).await;
            if answer != attempt.answers[at] {
                wrong.push(format!("{role}: {}: {answer} instead of {}", attempt.sql, attempt.answers[at]));
            }
        }
        if role == "readonly" {
            for attempt in attempts.iter().filter(|attempt| attempt.answers[at] == "25006") {
                let answer =
                    siege.attempt(role, &attempt.sql, Some("set default_transaction_read_only = off")).await;
                let may = WITHOUT_THE_SETTING.contains(&attempt.sql.as_str());
                if answer.starts_with("OK") != may || answer == "25006" {
                    wrong.push(format!("{role} without its setting: {}: {answer}", attempt.sql));
                }
                repeated += 1;
            }
        }
        let now = catalog::inside_of(portal, &others).await;
        assert_eq!(catalog::difference(&elsewhere, &now), [""; 0], "databases of others changed by {role}");
        let now = catalog::files(&portal.cluster());
        assert_eq!(catalog::difference(&files, &now), [""; 0], "files of the server changed by {role}");
        assert!(!Path::new("/tmp/evil").exists(), "{role} wrote a file");
        for tenant in [att, vic] {
            let rows = value(&mut portal.sql(&tenant.database).await, "select sum(i) from public.tt").await;
            assert_eq!(rows, "1", "rows of {} changed by {role}", tenant.database);
        }
        assert_eq!(
            value(&mut siege.targets.victim, "select 1").await,
            "1",
            "{role} ended a session of the victim"
        );
    }
    assert!(wrong.is_empty(), "{} answers are not those of the table:\n{}", wrong.len(), wrong.join("\n"));
    (attempts.len(), repeated)
}

impl Siege<'_> {
    /// One statement in a session without a past: its answer. Whatever it changed that it may not change is a failure; what
    /// it may change is put right again.
    async fn attempt(&mut self, role: &'static str, sql: &str, first: Option<&'static str>) -> String {
        let me = format!("{}_{role}", self.att.database);
        let fill = |sql: &str| {
            sql.replace("{me}", &me).replace("{att}", &self.att.database).replace("{vic}", &self.vic.database)
        };
        let filled = fill(sql);
        let filled = self.targets.fill(&filled).await;
        let mut session = match self.session.take() {
            Some((who, session)) if who == (role, first) => session,
            _ => {
                let mut session = self.att.connect(role).await;
                if let Some(first) = first {
                    run(&mut session, first).await;
                }
                session
            }
        };
        self.notices.take();
        let mut answer = if in_transaction(sql) {
            run(&mut session, "begin").await;
            self.notices.take();
            let answer = outcome(&mut session, &filled).await;
            let end = if answer == "OK" { "commit" } else { "rollback" };
            let ended = outcome(&mut session, end).await;
            if answer == "OK" { ended } else { answer }
        } else {
            outcome(&mut session, &filled).await
        };
        if answer == "OK" && !self.notices.take().is_empty() {
            answer += " +warn";
        }
        if answer.starts_with("OK") {
            // A session that ended itself is gone already.
            let _ = session.close().await;
        } else {
            // What was refused has left nothing behind in it.
            self.session = Some(((role, first), session));
        }
        self.look(&me, sql, &filled, answer.starts_with("OK")).await;
        answer
    }

    /// Compares from outside, and puts right what a tenant may change of its own.
    async fn look(&mut self, me: &str, sql: &str, filled: &str, done: bool) {
        let changed = self.shared.changes(&mut self.targets.superuser).await;
        for fact in &changed {
            assert!(is_own(fact, me), "{me}: {filled}: changed {changed:#?}");
        }
        if !done {
            assert!(changed.is_empty(), "{me}: {filled}: was refused and changed {changed:#?}");
            return;
        }
        if !changed.is_empty() {
            self.repair.roles().await;
        }
        if sql.contains("{apppid}") {
            // It was ended, as it may be by its own tenant.
            let app = &mut self.targets.app;
            until(10, "the end of the session", async || {
                let gone = sqlx::raw_sql("select 1").execute(&mut *app).await;
                gone.err().map(|error| assert_eq!(code(&error), "57P01"))
            })
            .await;
            self.targets.app = self.att.connect("app").await;
        }
        self.repair.inside(sql, me).await;
        if !changed.is_empty() {
            let left = self.shared.changes(&mut self.targets.superuser).await;
            assert_eq!(left, [""; 0], "not put right: {me}: {filled}");
        }
        let only_looks = ["select", "set ", "show", "notify", "listen", "lock"];
        if !only_looks.iter().any(|start| sql.starts_with(start)) || sql.contains("lo_") {
            let left = self.inside.changes(&mut self.within).await;
            assert_eq!(left, [""; 0], "not put right: {me}: {filled}");
        }
    }
}

/// What a role may change of itself: its password, and settings of its own sessions (E3, E4).
fn is_own(fact: &str, me: &str) -> bool {
    let setting = fact[1..].strip_prefix("setting ").is_some_and(|rest| rest.split(' ').nth(1) == Some(me));
    let role =
        fact[1..].strip_prefix("role ").is_some_and(|rest| rest.contains(&format!("\"rolname\": \"{me}\"")));
    setting || role
}
