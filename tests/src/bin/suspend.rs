//! The suspend program: `cargo run -p innkeeper-tests --bin suspend -- --rounds 100 --report suspend.json`.
//!
//! Ends with 0 where no session was left and none came in after a cut, with 1 otherwise. `docs/reliability/README.md`
//! tells what it does and what each figure means.
#![expect(clippy::print_stdout, reason = "the report is what the program is for")]

use innkeeper_tests::suspend::run;
use std::{fs, path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};

const USE: &str = "suspend [--rounds <number>] [--report <file>]";

fn asked() -> Option<(usize, Option<PathBuf>)> {
    let (mut rounds, mut report) = (100, None);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match name.as_str() {
            "--rounds" => rounds = value.parse().ok().filter(|rounds| *rounds > 0)?,
            "--report" => report = Some(PathBuf::from(value)),
            _ => return None,
        }
    }
    Some((rounds, report))
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some((rounds, file)) = asked() else {
        eprintln!("{USE}");
        return ExitCode::from(2);
    };
    let mut end = signal(SignalKind::terminate()).expect("signals can be listened to");
    let report = tokio::select! {
        report = run(rounds, |line| println!("{line}")) => report,
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
    if report.found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
