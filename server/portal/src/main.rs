//! The program `innkeeper`.

use std::process::ExitCode;

fn main() -> ExitCode {
    innkeeper::cli::run()
}
