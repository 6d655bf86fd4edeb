//! The chaos program: `cargo run -p innkeeper-tests --bin chaos -- --kills 2000 --seed 7 --report chaos.json`.
//!
//! Ends with 0 where nothing was left over, lost or made twice, with 1 otherwise. `docs/reliability/README.md` tells
//! what it does and what each figure means.
#![expect(clippy::print_stdout, reason = "the report is what the program is for")]

use innkeeper_tests::chaos::{Settings, run};
use std::{fs, path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};

const USE: &str =
    "chaos [--kills <number>] [--seed <number>] [--people <number>] [--report <file>] [--logs <folder>]";

/// Settings, the report's file, the folder for logs.
type Asked = (Settings, Option<PathBuf>, Option<PathBuf>);

fn asked() -> Option<Asked> {
    let mut settings = Settings { kills: 100, seed: 7, people: 8 };
    let (mut report, mut logs) = (None, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--kills" => settings.kills = value.parse().ok()?,
            "--seed" => settings.seed = value.parse().ok()?,
            "--people" => settings.people = value.parse().ok().filter(|people| *people > 0)?,
            "--report" => report = Some(PathBuf::from(value)),
            "--logs" => logs = Some(PathBuf::from(value)),
            _ => return None,
        }
    }
    Some((settings, report, logs))
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some((settings, file, logs)) = asked() else {
        eprintln!("{USE}");
        return ExitCode::from(2);
    };
    let mut end = signal(SignalKind::terminate()).expect("signals can be listened to");
    let report = tokio::select! {
        report = run(settings, logs.as_deref()) => report,
        // All that was started ends with what is dropped here.
        _ = end.recv() => return ExitCode::from(2),
        _ = tokio::signal::ctrl_c() => return ExitCode::from(2),
    };
    let text = format!("{:#}\n", report.to_json());
    print!("{text}");
    if let Some(file) = file
        && let Err(error) = fs::write(&file, &text)
    {
        eprintln!("{} cannot be written: {error}", file.display());
        return ExitCode::FAILURE;
    }
    let clean = report.orphans.is_empty() && report.lost.is_empty() && report.doubles.is_empty();
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
