//! What strikes: at which moment, whom, and how it is counted.

use super::{
    dice::Dice,
    eyes::{Away, Eyes, now},
    proxy::{Fate, Proxy, Way},
    replicas::{Ready, Replica, able, kill, stop},
};
use crate::{Portal, operator::OperatorServer, process::signal};
use rustix::process::Signal;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::{
    sync::OwnedMutexGuard,
    time::{Instant, sleep},
};

/// The kinds of kills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL of a portal.
    ReplicaKill,
    /// SIGSTOP of a portal for longer than a lease.
    ReplicaStop,
    /// SIGKILL of one of PostgreSQL's backends, upon which it ends all others and recovers.
    BackendKill,
    /// PostgreSQL stopped without a shutdown, and started again.
    ServerKill,
    /// A connection reset at both ends, or all of them.
    ProxyCut,
    /// A connection closed in one direction.
    ProxyHalfClose,
}

impl Kind {
    /// As the report names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::ReplicaKill => "replica_kill",
            Self::ReplicaStop => "replica_stop",
            Self::BackendKill => "backend_kill",
            Self::ServerKill => "server_kill",
            Self::ProxyCut => "proxy_cut",
            Self::ProxyHalfClose => "proxy_half_close",
        }
    }
}

/// How often each kind comes in fifty. The order is drawn for each fifty.
const DECK: [(Kind, usize); 6] = [
    (Kind::ReplicaKill, 13),
    (Kind::ReplicaStop, 4),
    (Kind::BackendKill, 5),
    (Kind::ServerKill, 4),
    (Kind::ProxyCut, 12),
    (Kind::ProxyHalfClose, 12),
];
/// Between two kills, in milliseconds.
const PAUSE: (u64, u64) = (400, 2400);
/// How long a portal is stopped, in milliseconds. A lease is 4 s.
const STOPPED: (u64, u64) = (6_000, 10_000);
/// How long a connection is slow, in milliseconds.
const SLOW: (u64, u64) = (2_000, 8_000);
/// Times in a hundred that a connection is slowed before a kill.
const SLOWED: usize = 12;
/// Times in a hundred that a connection is sought that holds a lock of a tenant, rather than any.
const AT_WORK: usize = 60;
/// Times in a hundred that all connections are cut, rather than one.
const ALL_CUT: usize = 15;

/// One kill.
pub struct Strike {
    /// Its kind.
    pub kind: Kind,
    /// Whether a run was being worked on.
    pub counted: bool,
    /// Runs that had not ended, by id.
    pub runs: Vec<String>,
    /// When it struck, in seconds since 1970.
    pub at: f64,
    /// When a portal was first able to work after it.
    pub able_at: Arc<OnceLock<f64>>,
    /// Of a killed portal, and of a server that is there again: when it, or the first portal, was ready.
    pub ready: Ready,
}

/// Who strikes, and what they have done.
pub struct Killers {
    /// Kinds and pauses, one after the other, whatever is met.
    dice: Dice,
    /// Whom they meet; how often is drawn depends on who is there.
    victims: Dice,
    deck: Vec<Kind>,
    eyes: Eyes,
    replicas: Vec<Replica>,
    server: Arc<OperatorServer>,
    proxy: Arc<Proxy>,
    /// All kills so far.
    pub strikes: Vec<Strike>,
    /// Connections that were only slowed so far.
    pub slowed: usize,
}

/// Whom the next kill is for.
enum Target {
    Replica(OwnedMutexGuard<Portal>),
    Backend(i32),
    Server,
    Links(Vec<u16>),
}

/// A connection that comes through the proxy, as PostgreSQL has it.
struct Session {
    pid: i32,
    link: u16,
    at_work: bool,
}

impl Killers {
    /// Those of a seed.
    pub fn new(seed: u64, replicas: &[Replica], server: Arc<OperatorServer>, proxy: Arc<Proxy>) -> Self {
        Self {
            dice: Dice::new(seed, "killers"),
            victims: Dice::new(seed, "victims"),
            deck: Vec::new(),
            eyes: Eyes::of(&server),
            replicas: replicas.to_vec(),
            server,
            proxy,
            strikes: Vec::new(),
            slowed: 0,
        }
    }

    /// Kills so far that count.
    pub fn counted(&self) -> usize {
        self.strikes.iter().filter(|strike| strike.counted).count()
    }

    /// Kills once, at a moment that is drawn and at which a run is being worked on, or else says that none was.
    pub async fn strike(&mut self) {
        sleep(self.dice.pause(PAUSE.0, PAUSE.1)).await;
        if self.dice.chance(SLOWED) {
            self.slow().await;
        }
        if self.deck.is_empty() {
            self.deck = DECK.iter().flat_map(|(kind, times)| vec![*kind; *times]).collect();
            self.dice.shuffle(&mut self.deck);
        }
        let kind = self.deck.pop().unwrap();
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Ok(target) = self.choose(kind).await
                && let Ok((runs, held)) = self.unfinished().await
                && (held || Instant::now() > end)
            {
                return self.perform(kind, target, runs, held).await;
            }
            if Instant::now() > end + Duration::from_secs(40) {
                // Nobody to strike: this card comes again with the next fifty.
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn perform(&mut self, kind: Kind, target: Target, runs: Vec<String>, counted: bool) {
        let at = now();
        let time = self.victims.pause(STOPPED.0, STOPPED.1);
        let ready = Ready::default();
        match target {
            Target::Replica(portal) if kind == Kind::ReplicaStop => stop(portal, time),
            Target::Replica(portal) => kill(portal, ready.clone()).await,
            Target::Backend(pid) => signal(pid, Signal::KILL),
            Target::Server => {
                let server = self.server.clone();
                tokio::task::spawn_blocking(move || server.crash()).await.unwrap();
            }
            Target::Links(links) => {
                let way = if self.victims.chance(50) { Way::ToServer } else { Way::ToClient };
                let fate = if kind == Kind::ProxyCut { Fate::Cut } else { Fate::HalfClosed(way) };
                if links.iter().filter(|link| self.proxy.decide(**link, fate)).count() == 0 {
                    // It ended by itself meanwhile.
                    return;
                }
            }
        }
        let able_at = Arc::new(OnceLock::new());
        let (urls, told, readied) = (self.urls(), able_at.clone(), ready.clone());
        let from = now();
        tokio::spawn(async move {
            if let Ok(when) = able(&urls).await {
                let _ = told.set(when);
                if kind == Kind::ServerKill {
                    let _ = readied.set((from, when));
                }
            }
        });
        self.strikes.push(Strike { kind, counted, runs, at, able_at, ready });
    }

    fn urls(&self) -> Vec<String> {
        self.replicas.iter().map(|replica| replica.url.clone()).collect()
    }

    async fn choose(&mut self, kind: Kind) -> Result<Target, Away> {
        match kind {
            Kind::ReplicaKill | Kind::ReplicaStop => {
                let mut free: Vec<_> = self.replicas.iter().filter_map(Replica::free).collect();
                if free.is_empty() {
                    return Err(Away);
                }
                let at = self.victims.below(free.len());
                Ok(Target::Replica(free.swap_remove(at)))
            }
            Kind::BackendKill => Ok(Target::Backend(self.session().await?.pid)),
            Kind::ServerKill => Ok(Target::Server),
            Kind::ProxyCut if self.victims.chance(ALL_CUT) => Ok(Target::Links(self.proxy.links())),
            Kind::ProxyCut | Kind::ProxyHalfClose => Ok(Target::Links(vec![self.session().await?.link])),
        }
    }

    /// One of the connections through the proxy.
    async fn session(&mut self) -> Result<Session, Away> {
        let all = "select a.pid, a.client_port, exists (select from pg_locks l where l.pid = a.pid
               and l.locktype = 'advisory' and l.granted)
             from pg_stat_activity a where a.backend_type = 'client backend' and a.client_port > 0 order by a.pid";
        let rows = self.eyes.rows(all).await?;
        let links = self.proxy.links();
        let read = |row: &Vec<String>| {
            let (pid, link) = (row[0].parse().ok()?, row[1].parse().ok()?);
            links.contains(&link).then(|| Session { pid, link, at_work: row[2] == "t" })
        };
        let mut all: Vec<_> = rows.iter().filter_map(read).collect();
        if self.victims.chance(AT_WORK) && all.iter().any(|session| session.at_work) {
            all.retain(|session| session.at_work);
        }
        if all.is_empty() {
            return Err(Away);
        }
        let at = self.victims.below(all.len());
        Ok(all.swap_remove(at))
    }

    /// The runs that have not ended, and whether one of them is being worked on: held under a lease that is not over.
    async fn unfinished(&mut self) -> Result<(Vec<String>, bool), Away> {
        let live = "select id, lease_until > now() from run where state in ('running', 'unwinding')";
        let rows = self.eyes.rows(live).await?;
        let held = rows.iter().any(|row| row[1] == "t");
        Ok((rows.into_iter().filter_map(|row| row.into_iter().next()).collect(), held))
    }

    /// Freezes a connection for a time, or lets it drip.
    async fn slow(&mut self) {
        let Ok(session) = self.session().await else { return };
        let end = Instant::now() + self.victims.pause(SLOW.0, SLOW.1);
        let fate = if self.victims.chance(50) { Fate::Frozen(end) } else { Fate::Dripping(end) };
        self.slowed += usize::from(self.proxy.decide(session.link, fate));
    }
}
