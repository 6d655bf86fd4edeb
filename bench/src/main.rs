//! Innkeeper's onboarding beside other ways to make a customer's database: one server, one run, round by round.
//! `innkeeper-bench [rounds]`; see the README.

mod crowd;
mod figures;
mod machine;
mod pool;
mod report;
mod server;
mod ways;

use crowd::{AT_ONCE, GUESTS};
use figures::Sample;
use innkeeper_tests::{Options, Person};
use pool::Pool;
use report::{Mode, Report};
use server::Server;
use std::fmt::Write as _;
use ways::{Drhema, Innkeeper, Way, Ways};

/// What a benchmark can fail with.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

/// Rate limits, which a crowd on one address would meet.
const LIMITS: [&str; 7] = [
    "MAIL_PER_ADDRESS",
    "MAIL_PER_MAILBOX",
    "MAIL_IN_ALL",
    "VERIFY_PER_ADDRESS",
    "REQUEST_PER_ACCOUNT",
    "CHANGE_PER_ACCOUNT",
    "CHANGE_PER_ADDRESS",
];

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(20), |rounds| rounds.parse())?;
    let name = |limit| format!("INNKEEPER_LIMIT_{limit}");
    let options =
        LIMITS.into_iter().map(name).fold(Options::default(), |o, name| o.set(&name, "1000000/600"));
    let portal = Server::start(options).await?;
    let ca = portal.data().join("ca.pem");
    let visitor = Person::new(&portal, "visitor@acme.example");
    std::fs::write(&ca, visitor.get("/ca.crt").await.body)?;
    let server = Server::of(&portal, &ca)?;
    let ways = Ways {
        server: &server,
        innkeeper: Innkeeper::prepare(&portal, &server).await?,
        drhema: Drhema::prepare(&server).await?,
        pool: Pool::new(&server),
    };
    ways.prepare().await?;
    let mut report = Report { rounds, machine: machine::describe(&server).await?, ..Report::default() };
    one_at_a_time(&ways, rounds, &mut report).await?;
    many_at_once(&ways, rounds, &mut report).await?;
    report.write()
}

/// Every way once in each round, each the first by turns. Round 0 does not count: caches, catalogs,
/// first connections.
async fn one_at_a_time(ways: &Ways<'_>, rounds: usize, report: &mut Report) -> Result<()> {
    report.alone = Way::ALL.map(|way| (way, Sample::default())).to_vec();
    for round in 0..=rounds {
        let mut line = format!("round {round:2}:");
        for turn in 0..Way::ALL.len() {
            let at = (round + turn) % Way::ALL.len();
            let way = Way::ALL[at];
            let (seconds, onboarding) = ways.create(way, round).await?;
            write!(line, " {} {:.0} ms;", way.key(), seconds * 1000.0)?;
            if round > 0 {
                report.alone[at].1.push(seconds);
                if let Some(onboarding) = onboarding {
                    let mode = if way == Way::PoolOn { Mode::PoolOn } else { Mode::PoolOff };
                    report.journal[mode as usize].add(onboarding);
                }
            }
        }
        eprintln!("{line}");
    }
    Ok(())
}

/// Innkeeper, the drhema API and plan F with eight customers at once; the first by turns.
async fn many_at_once(ways: &Ways<'_>, rounds: usize, report: &mut Report) -> Result<()> {
    for round in 0..=rounds {
        if round == 1 {
            (report.innkeeper, report.drhema, report.plan_f) = Default::default();
        }
        let mut line = format!("round {round:2}: {AT_ONCE} at once:");
        for turn in 0..3 {
            let (name, rate) = match (round + turn) % 3 {
                0 => {
                    let (rate, made) = report.innkeeper.innkeeper(ways).await?;
                    for one in made.into_iter().filter(|_| round > 0) {
                        report.journal[Mode::Crowd as usize].add(one);
                    }
                    ("innkeeper", rate)
                }
                1 => {
                    let create = async |guest| ways.drhema.create(&format!("crowd_{round}_{guest}")).await;
                    ("drhema", report.drhema.other(ways, create).await?)
                }
                _ => {
                    for guest in 0..GUESTS {
                        ways.prepare_plan_f(&format!("crowd_slot_{round}_{guest}")).await?;
                    }
                    let create = async |guest| ways.claim_plan_f(round, guest).await;
                    ("plan_f", report.plan_f.other(ways, create).await?)
                }
            };
            write!(line, " {name} {rate:.1};")?;
        }
        eprintln!("{line}");
    }
    Ok(())
}
