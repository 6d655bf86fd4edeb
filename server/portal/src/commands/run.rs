//! What an operator does with runs that need a person.

use super::say;
use crate::{
    config::Config,
    startup::{Control, Reach, explain},
};
use clap::Subcommand;
use innkeeper_adapters::system::{OsRandom, SystemClock};
use innkeeper_domain::ids::Ids;
use innkeeper_service::{Error, runs};
use std::{process::ExitCode, sync::Arc};

#[derive(Subcommand, Debug)]
pub(crate) enum RunAction {
    /// List the runs that are stuck, with the step and what went wrong there.
    Stuck {
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Let a stuck run go on where it stopped, once what its error names is mended.
    GoOn {
        /// Its support number, such as OB-7K3M-92QF.
        number: String,
    },
    /// Undo a run that goes forward or is stuck at a step. A removal has no way back once something is gone.
    TurnBack {
        /// Its support number, such as OB-7K3M-92QF.
        number: String,
    },
}

/// Does it beside a running portal.
pub(super) async fn run(config: &Config, action: RunAction) -> ExitCode {
    let reach = match Control::beside(config).await {
        Ok(Some(reach)) => reach,
        Ok(None) => return complain("the portal's PostgreSQL does not run: start the portal first"),
        Err(error) => return complain(&explain(&error)),
    };
    let done = act(&reach, action).await;
    match done {
        Ok(said) => {
            say(&said);
            ExitCode::SUCCESS
        }
        Err(said) => complain(&said),
    }
}

async fn act(reach: &Reach, action: RunAction) -> Result<String, String> {
    let worker = reach.worker();
    let ids = Ids::new(Arc::new(SystemClock), Arc::new(OsRandom));
    let said = match action {
        RunAction::Stuck { json } => runs::stuck(&worker).await.map(|found| list(&found, json)),
        RunAction::GoOn { number } => runs::go_on(&worker, &ids, &number)
            .await
            .map(|()| format!("Run {number} goes on; its page and its journal show how it ends.\n")),
        RunAction::TurnBack { number } => runs::turn_back(&worker, &ids, &number)
            .await
            .map(|()| format!("Run {number} is being undone; its page and its journal show how it ends.\n")),
    };
    worker.close().await;
    said.map_err(|error| match error {
        Error::NotFound => "no run has this number; `innkeeper run stuck` lists those that need you".into(),
        Error::Overtaken => {
            "not possible as the run stands now; `innkeeper run stuck` lists those that need you".into()
        }
        error => explain(&error),
    })
}

fn list(found: &[runs::StuckRun], json: bool) -> String {
    if json {
        // A list of texts and times always serialises.
        return serde_json::to_string_pretty(found).unwrap_or_default() + "\n";
    }
    if found.is_empty() {
        return "No run is stuck.\n".into();
    }
    let line = |run: &runs::StuckRun| {
        let since = run.since.map(|at| format!(", since {}", at.replace_nanosecond(0).unwrap_or(at)));
        format!(
            "{}  {} of {}, at {}{}\n    {}\n",
            run.number,
            run.kind,
            run.tenant,
            run.step,
            since.unwrap_or_default(),
            run.error
        )
    };
    found.iter().map(line).collect()
}

fn complain(what: &str) -> ExitCode {
    super::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}
