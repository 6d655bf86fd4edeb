//! Looks for what is wrong, for an operator at three in the morning. Changes nothing, and runs beside a portal.

mod control;
mod files;
mod servers;

use super::report::Report;
use crate::{
    config::{Config, Problems},
    startup::{Control, Reach, explain},
};
use clap::Args;
use innkeeper_adapters::system::SystemClock;
use innkeeper_domain::ports::Clock as _;
use std::process::ExitCode;

/// How the doctor looks and speaks.
#[derive(Args, Debug, Clone, Copy)]
pub(super) struct DoctorOptions {
    /// Also compare the servers' catalogs with the control database, in both directions.
    #[arg(long)]
    orphans: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// The doctor of a configuration that is refused.
pub(super) fn no_configuration(options: DoctorOptions, problems: &Problems) -> ExitCode {
    let mut report = Report { looked_at: vec!["configuration"], ..Report::default() };
    for problem in &problems.0 {
        let advice = problem
            .example
            .map_or_else(String::new, |example| format!("For example {}='{example}'.", problem.name));
        let what = format!("{}: {}", problem.name, problem.problem);
        report.blind(
            what,
            "The portal does not start with this, and nothing else could be looked at.",
            advice,
        );
    }
    report.tell(options.json)
}

/// Looks at everything.
pub(super) async fn run(config: Config, options: DoctorOptions) -> ExitCode {
    let mut report = Report::default();
    configuration(&config, &mut report);
    files::files(&config, &mut report);
    files::limits(&config, &mut report);
    files::certificates(&config, SystemClock.now(), &mut report);
    if options.orphans {
        files::leftovers(&config, &mut report);
    }
    if let Some(reach) = reach(&config, &mut report).await {
        let worker = reach.worker();
        if control::database(&worker, &mut report).await {
            control::migrations(&reach, &mut report).await;
            control::work(&worker, &mut report).await;
            control::capacity(&worker, &mut report).await;
            control::keys(&config, &worker, &mut report).await;
            if options.orphans {
                control::backups(&config, &worker, &mut report).await;
            }
            servers::server(&worker, &reach, options.orphans, &mut report).await;
        }
        worker.close().await;
    }
    report.tell(options.json)
}

fn configuration(config: &Config, report: &mut Report) {
    report.looked_at.push("configuration");
    for name in &config.unknown {
        let why = "It has no effect; what it was meant for has its default.";
        report.found(
            format!("{name} is set and is not a setting"),
            why,
            "Check its spelling with `innkeeper config check --help`.",
        );
    }
}

async fn reach(config: &Config, report: &mut Report) -> Option<Reach> {
    let why = "Without the control database the portal does nothing.";
    match Control::beside(config).await {
        Ok(Some(reach)) => Some(reach),
        Ok(None) => {
            report.blind(
                format!("the embedded cluster in {} does not run", config.data_dir.display()),
                why,
                "Start the portal (`innkeeper serve`); its log says what keeps it. Is this the right INNKEEPER_DATA_DIR?",
            );
            None
        }
        Err(error) => {
            report.blind(explain(&error), why, "Run this as the portal's user and with its configuration.");
            None
        }
    }
}
