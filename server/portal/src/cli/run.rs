//! `innkeeper run`: what an operator does with runs that need a person.

use super::terminal::say;
use crate::{
    config::Config,
    startup::{Control, Reach, explain},
};
use clap::Subcommand;
use innkeeper_app::components::words;
use innkeeper_service::{Error, context::requester::Requester, workflows::operations};
use std::process::ExitCode;

#[derive(Subcommand, Debug)]
pub(crate) enum RunAction {
    /// List the runs that are stuck, with the step and what went wrong there.
    Stuck {
        /// One JSON array instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Resume a stuck run where it stopped, once the cause of its error is fixed.
    #[command(alias = "go-on")]
    Resume {
        /// Its support number, such as OB-7K3M-92QF.
        number: String,
    },
    /// Roll back a run that is under way or stuck. A removal cannot be rolled back once something is gone.
    #[command(alias = "turn-back")]
    Rollback {
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
    let (store, operator) = (reach.store(), Requester::OPERATOR);
    let said = match action {
        RunAction::Stuck { json } => {
            operations::stuck(&store, &operator).await.map(|found| list(&found, json))
        }
        RunAction::Resume { number } => operations::resume(&store, &operator, &number)
            .await
            .map(|()| format!("Run {number} is resumed; its page and its activity log show how it ends.\n")),
        RunAction::Rollback { number } => operations::roll_back(&store, &operator, &number).await.map(|()| {
            format!("Run {number} is being rolled back; its page and its activity log show how it ends.\n")
        }),
    };
    store.pool.close().await;
    said.map_err(|error| match error {
        Error::NotFound => "no run has this number; `innkeeper run stuck` lists those that need you".into(),
        Error::Conflict => {
            "not possible in the run's current state; `innkeeper run stuck` lists those that need you".into()
        }
        error => explain(&error),
    })
}

fn list(found: &[operations::StuckRun], json: bool) -> String {
    if json {
        // A list of texts and times always serialises.
        return serde_json::to_string_pretty(found).unwrap_or_default() + "\n";
    }
    if found.is_empty() {
        return "No run is stuck.\n".into();
    }
    let line = |run: &operations::StuckRun| {
        let since = run.since.map(|at| format!(", since {}", words::moment(at)));
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
    super::terminal::complain(&format!("innkeeper: {what}\n"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_for_people_and_rfc_3339_for_machines() {
        let run = operations::StuckRun {
            number: "OB-7K3M-92QF".into(),
            kind: "destroy".into(),
            tenant: "shop_k3v9x2".into(),
            step: "final_backup".into(),
            error: "no space left".into(),
            since: time::OffsetDateTime::from_unix_timestamp(1_796_041_661).ok(),
        };
        let text = list(std::slice::from_ref(&run), false);
        let line =
            "OB-7K3M-92QF  destroy of shop_k3v9x2, at final_backup, since 30 November 2026, 12:27 UTC\n";
        assert_eq!(text, format!("{line}    no space left\n"));
        let json: serde_json::Value = serde_json::from_str(&list(&[run], true)).unwrap();
        assert_eq!(json[0]["since"], "2026-11-30T12:27:41Z");
    }
}
