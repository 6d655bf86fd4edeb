//! Two portals on one control database, people who use both, and everything they stand on killed at random.
//!
//! A seed draws the order of all kills and of all wishes. The moments at which they meet depend on the machine, so a
//! run is made again, not the same run to the millisecond.

pub mod dice;
pub mod eyes;
pub mod guest;
pub mod judge;
pub mod killers;
pub mod people;
pub mod proxy;
pub mod replicas;
pub mod report;
pub mod warden;

use crate::{
    Options, Person, Portal, mail_server::MailServer, operator::OperatorServer, orphans, portal::free_port,
};
use dice::Dice;
use eyes::Eyes;
use guest::Guest;
use judge::Judge;
use killers::Killers;
use proxy::Proxy;
use replicas::Replica;
use report::Report;
use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, symlink},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

/// What is asked of a run of the program.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Kills that must count.
    pub kills: usize,
    /// What all is drawn by.
    pub seed: u64,
    /// People at once.
    pub people: usize,
}

/// The folder in which both portals keep their backups.
fn backups(server: &OperatorServer) -> PathBuf {
    server.folder().join("backups")
}

/// A portal behind the proxy, which shares key, backups and address with the others.
fn replica(server: &OperatorServer, mails: &MailServer, port: u16) -> Portal {
    let mut options = Options::default()
        .set("INNKEEPER_DATABASE_URL", &server.url_behind(port))
        .set("INNKEEPER_MASTER_KEY_FILE", &server.folder().join("keys/master.key").to_string_lossy())
        .set("INNKEEPER_MAIL_URL", &mails.url())
        .set("INNKEEPER_MAIL_FROM", "Innkeeper <portal@example.com>")
        .set("INNKEEPER_READY_SLOTS", "2")
        .set("INNKEEPER_LOG", "info");
    for name in ["REQUEST_PER_ACCOUNT", "CHANGE_PER_ACCOUNT", "CHANGE_PER_ADDRESS"] {
        options = options.set(&format!("INNKEEPER_LIMIT_{name}"), "1000000/600");
    }
    let portal = Portal::prepare(&options);
    fs::DirBuilder::new().mode(0o700).create(portal.data()).unwrap();
    symlink(backups(server), portal.data().join("backups")).unwrap();
    portal
}

/// Runs the program to its end. `keep`: a folder for the portals' logs.
pub async fn run(settings: Settings, keep: Option<&Path>) -> Report {
    let began = Instant::now();
    let server = Arc::new(OperatorServer::start("shared_preload_libraries = 'pg_stat_statements'\n").await);
    let mails = MailServer::start(server.folder()).await;
    let proxy = Arc::new(Proxy::start(free_port(), server.port()).await.unwrap());
    fs::DirBuilder::new().mode(0o700).create(backups(&server)).unwrap();
    let mut portals = [(); 3].map(|()| replica(&server, &mails, proxy.port()));
    let site = portals[0].url();
    for portal in &mut portals {
        // As behind one proxy for browsers.
        portal.set("INNKEEPER_PUBLIC_URL", &site);
    }
    let [mut a, mut b, office] = portals;
    a.restart().await;
    b.restart().await;
    let folders = [a.folder().to_owned(), b.folder().to_owned()];
    let sites = vec![a.url(), b.url()];

    let guests = (0..settings.people).map(|at| arrive(&server, &mails, &a, &sites, settings.seed, at));
    let guests = futures::future::join_all(guests).await;
    let (stop, rest) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let people: Vec<_> =
        guests.into_iter().map(|guest| tokio::spawn(people::live(guest, stop.clone()))).collect();
    let office = Arc::new(office);
    let warden = tokio::spawn(warden::watch(office.clone(), server.clone(), rest.clone()));

    let replicas = [Replica::new(a), Replica::new(b)];
    let mut killers = Killers::new(settings.seed, &replicas, server.clone(), proxy.clone());
    let mut told = Instant::now();
    while killers.counted() < settings.kills {
        killers.strike().await;
        if told.elapsed().as_secs() >= 1 {
            told = Instant::now();
            tell(&killers, began);
        }
        assert!(people.iter().all(|person| !person.is_finished()), "somebody stopped: see above");
    }
    say("no more kills", began);
    stop.store(true, Ordering::Relaxed);
    let mut guests = Vec::new();
    for person in people {
        guests.push(person.await.expect("somebody stopped: see above"));
    }
    // Whoever was killed or stopped works again before anything is judged.
    let whole = [replicas[0].whole().await, replicas[1].whole().await];

    say("nothing is broken any more", began);
    let mut report = Report {
        seed: settings.seed,
        kills: killers.strikes.len(),
        slowed: killers.slowed,
        ..Report::default()
    };
    for strike in killers.strikes.iter().filter(|strike| strike.counted) {
        *report.by_kind.entry(strike.kind).or_default() += 1;
    }
    let mut judge = Judge { eyes: Eyes::of(&server), mails: &mails, began, report: &mut report };
    judge.rest().await;
    say("all is at rest", began);
    for guest in &mut guests {
        judge.reach(guest).await;
    }
    say("every tenant was tried", began);
    // What was just revealed told of itself by mail.
    judge.rest().await;
    say("judging", began);
    rest.store(true, Ordering::Relaxed);
    judge.books().await;
    judge.accepted(&guests.iter().flat_map(|guest| guest.accepted.clone()).collect::<Vec<_>>()).await;
    judge.times(&killers.strikes).await;
    report.stuck = warden.await.unwrap();
    report.lost.extend(guests.iter_mut().flat_map(|guest| std::mem::take(&mut guest.faults)));
    report.orphans = orphans::compare_with(&server, &backups(&server)).await;
    let doctor = whole[0].run(&["doctor", "--orphans"]).await;
    if doctor.status.code() != Some(0) {
        report.orphans.push(format!("doctor: {}", String::from_utf8_lossy(&doctor.stdout)));
    }
    report.seconds = began.elapsed().as_secs_f64();
    if let Some(keep) = keep {
        save(keep, &folders, &server);
    }
    report
}

/// Somebody signs up before anything is broken.
async fn arrive(
    server: &OperatorServer,
    mails: &MailServer,
    portal: &Portal,
    sites: &[String],
    seed: u64,
    at: usize,
) -> Guest {
    let email = format!("guest{at}@acme.example");
    let person = Person::new(portal, &email);
    let form = person.form("/sign-up", "/do/sign-up").await;
    assert_eq!(person.submit(&form, &[("email", &email)]).await.leads_to(), "/verify");
    let mail = mails.wait(&email, &format!("{}/verify", portal.url())).await;
    let form = person.form(&mail.link(&portal.url()), "/do/verify").await;
    assert_eq!(person.press(&form).await.leads_to(), "/sign-up/database");
    Guest {
        person,
        sites: sites.to_vec(),
        dice: Dice::new(seed, &email),
        eyes: Eyes::of(server),
        ca: server.ca(),
        wishes: Vec::new(),
        accepted: Vec::new(),
        shown: BTreeMap::new(),
        faults: Vec::new(),
    }
}

/// One line of where it stands.
fn say(what: &str, began: Instant) {
    let _ = writeln!(std::io::stderr(), "chaos: {what} after {} s", began.elapsed().as_secs());
}

/// One line of progress.
fn tell(killers: &Killers, began: Instant) {
    let (counted, all, seconds) = (killers.counted(), killers.strikes.len(), began.elapsed().as_secs());
    let minute = counted * 60 / usize::try_from(seconds.max(1)).unwrap();
    let line = format!("chaos: {counted} kills count of {all} after {seconds} s, {minute} a minute");
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Keeps what the portals and the server have written, to look into a fault.
fn save(keep: &Path, folders: &[PathBuf], server: &OperatorServer) {
    fs::create_dir_all(keep).unwrap();
    for (at, folder) in folders.iter().enumerate() {
        for name in ["stdout.log", "stderr.log"] {
            let _ = fs::copy(folder.join(name), keep.join(format!("portal_{at}_{name}")));
        }
    }
    let _ = fs::copy(server.rules(), keep.join("pg_hba.conf"));
    let log = server.rules().with_file_name("log");
    for entry in fs::read_dir(log).into_iter().flatten().flatten() {
        let _ = fs::copy(entry.path(), keep.join(entry.file_name()));
    }
}
