//! Clients of one tenant that come back as fast as they can, and hold on to it by every trick their roles have.

use super::CLIENTS;
use crate::{
    Credentials,
    tenant::{code, outcome, sign_in},
};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};
use tokio::task::JoinSet;

/// What somebody does with a session.
#[derive(Debug, Clone, Copy)]
enum Trick {
    /// Leaves at once and comes back.
    Nothing,
    /// Stays.
    Stay,
    /// Holds its own role's row by a new password that is never committed: `ALTER ROLE` of the platform waits.
    Password,
    /// The same by a setting.
    Setting,
    /// Comes in slowly: once it has passed all checks it waits, in no list of sessions yet.
    Slowly,
}

/// What one client knows. Each moment is that at which it began to ask.
#[derive(Debug, Default)]
struct Known {
    entered: Option<Instant>,
    answered: Option<Instant>,
    refused: Option<Instant>,
    refusals: BTreeMap<String, usize>,
}

/// One of them.
struct Client {
    who: String,
    options: PgConnectOptions,
    password: String,
    trick: Trick,
    known: Mutex<Known>,
}

/// All of them, at work until they are ended.
pub struct Clients {
    all: Vec<Arc<Client>>,
    stop: Arc<AtomicBool>,
    work: JoinSet<()>,
}

impl Clients {
    /// Fifty: 4 owners, 8 of the read-only role, the others of the application's. The plan has room for all of them.
    pub fn start(credentials: &Credentials) -> Self {
        let (stop, mut work) = (Arc::new(AtomicBool::new(false)), JoinSet::new());
        let mut all = Vec::new();
        for at in 0..CLIENTS {
            let role = match at {
                0..4 => "owner",
                4..12 => "readonly",
                _ => "app",
            };
            let trick = match at % 6 {
                0 => Trick::Password,
                1 => Trick::Setting,
                2 => Trick::Stay,
                3 => Trick::Slowly,
                _ => Trick::Nothing,
            };
            let mut options = credentials.options(role);
            if matches!(trick, Trick::Slowly) {
                options = options.options([("post_auth_delay", "1")]);
            }
            let client = Arc::new(Client {
                who: format!("client {at} ({role}, {trick:?})"),
                options,
                password: credentials.passwords[role].clone(),
                trick,
                known: Mutex::default(),
            });
            work.spawn(come_back(client.clone(), stop.clone()));
            all.push(client);
        }
        Self { all, stop, work }
    }

    /// Whether each has been inside by a try of its own after this moment.
    pub fn were_all_in_since(&self, moment: Instant) -> bool {
        self.all.iter().all(|client| client.known.lock().unwrap().entered >= Some(moment))
    }

    /// Whether each has tried after this moment and was refused.
    pub fn were_all_refused_since(&self, moment: Instant) -> bool {
        self.all.iter().all(|client| client.known.lock().unwrap().refused >= Some(moment))
    }

    /// Those that asked something after this moment and got an answer.
    pub fn answered_since(&self, moment: Instant) -> Vec<String> {
        let answered = |client: &&Arc<Client>| client.known.lock().unwrap().answered >= Some(moment);
        self.all.iter().filter(answered).map(|client| format!("{} was answered", client.who)).collect()
    }

    /// Ends them; how often they were refused, by what they were told.
    pub async fn end(mut self) -> BTreeMap<String, usize> {
        self.stop.store(true, Ordering::Relaxed);
        // Some hold on to their sessions.
        self.work.shutdown().await;
        let mut told = BTreeMap::new();
        for client in &self.all {
            for (code, count) in &client.known.lock().unwrap().refusals {
                *told.entry(code.clone()).or_default() += count;
            }
        }
        told
    }
}

async fn come_back(client: Arc<Client>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        let began = Instant::now();
        match sign_in(&client.options).await {
            Ok(session) => {
                client.known.lock().unwrap().entered = Some(began);
                client.use_up(session).await;
            }
            Err(error) => {
                let mut known = client.known.lock().unwrap();
                known.refused = Some(began);
                *known.refusals.entry(code(&error)).or_default() += 1;
            }
        }
    }
}

impl Client {
    /// Works in a session to its end.
    async fn use_up(&self, mut session: PgConnection) {
        let began = Instant::now();
        if outcome(&mut session, "select 1").await != "OK" {
            return;
        }
        self.known.lock().unwrap().answered = Some(began);
        let hold = |change: String| {
            format!("begin; set local transaction_read_only = off; alter role current_user {change};")
        };
        let sql = match self.trick {
            Trick::Nothing | Trick::Slowly => {
                // The server may have ended it before.
                let _ = session.close().await;
                return;
            }
            Trick::Stay => String::new(),
            Trick::Password => hold(format!("password '{}'", self.password)),
            Trick::Setting => hold("set work_mem = '5MB'".into()),
        };
        let sql = format!("{sql} select pg_sleep(600)");
        let _ended = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut session).await;
    }
}
