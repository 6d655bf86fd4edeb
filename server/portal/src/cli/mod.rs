//! The commands of the program.

mod doctor;
mod key;
mod migrate;
mod organisation;
mod orphan;
mod report;
mod run;
mod staff;
mod terminal;

use self::{
    doctor::DoctorOptions,
    terminal::{complain, say},
};
use crate::{
    config::{Config, manual},
    startup::{self, explain},
    web::log_panics,
};
use clap::{Args, Parser, Subcommand};
use std::process::ExitCode;
use tokio::runtime::Runtime;

/// What `-h` says of the settings, of which `--help` has the whole list.
const SETTINGS_ARE_LISTED: &str = "Settings are read from environment variables and innkeeper.toml. `innkeeper serve --help` lists them; \
     `innkeeper config check` shows the values in force.";

/// Self-hosted portal for isolated PostgreSQL databases.
#[derive(Parser)]
#[command(name = "innkeeper", version, about, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the portal, with a PostgreSQL cluster of its own unless it is given the URL of a server.
    #[command(after_help = SETTINGS_ARE_LISTED, after_long_help = manual())]
    Serve,
    /// Migrate the control database, then exit.
    Migrate,
    /// Check the configuration.
    Config(ConfigCommand),
    /// Runs that need an operator.
    Run(RunCommand),
    /// Resources without an owner: on the servers, in the control database, among backups and files.
    Orphan(OrphanCommand),
    /// Staff members: the people who run the portal.
    Staff(StaffCommand),
    /// Organisations: the portal's customers.
    Organisation(OrganisationCommand),
    /// The master key, under which secrets are encrypted.
    Key(KeyCommand),
    /// Check the installation and say what to do. Exit code: 0 (no problems), 1 (problems found) or 2 (could not check).
    Doctor(DoctorOptions),
}

#[derive(Args)]
struct ConfigCommand {
    #[command(subcommand)]
    command: ConfigAction,
}

#[derive(Subcommand)]
enum ConfigAction {
    /// Read the configuration as `serve` would, and show the effective values without secrets.
    #[command(after_help = SETTINGS_ARE_LISTED, after_long_help = manual())]
    Check,
}

#[derive(Args)]
struct RunCommand {
    #[command(subcommand)]
    action: run::RunAction,
}

#[derive(Args)]
struct OrphanCommand {
    #[command(subcommand)]
    action: orphan::OrphanAction,
}

#[derive(Args)]
struct StaffCommand {
    #[command(subcommand)]
    action: staff::StaffAction,
}

#[derive(Args)]
struct OrganisationCommand {
    #[command(subcommand)]
    action: organisation::OrganisationAction,
}

#[derive(Args)]
struct KeyCommand {
    #[command(subcommand)]
    action: key::KeyAction,
}

/// Runs the command of this process.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let config = match (Config::load(), &cli.command) {
        (Ok(config), _) => config,
        (Err(problems), Command::Doctor(options)) => return doctor::no_configuration(*options, &problems),
        (Err(problems), _) => {
            complain(&format!("The configuration is refused:\n{problems}\n"));
            return ExitCode::FAILURE;
        }
    };
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(&format!("innkeeper: no threads can be started: {error}\n"));
            return ExitCode::FAILURE;
        }
    };
    match cli.command {
        Command::Config(ConfigCommand { command: ConfigAction::Check }) => check(&config),
        Command::Doctor(options) => runtime.block_on(doctor::run(config, options)),
        Command::Key(KeyCommand { action }) => runtime.block_on(key::run(&config, action)),
        Command::Organisation(OrganisationCommand { action }) => {
            runtime.block_on(organisation::run(&config, action))
        }
        Command::Orphan(OrphanCommand { action }) => runtime.block_on(orphan::run(&config, action)),
        Command::Run(RunCommand { action }) => runtime.block_on(run::run(&config, action)),
        Command::Staff(StaffCommand { action }) => runtime.block_on(staff::run(&config, action)),
        Command::Serve => finish(begin(&config).and_then(|()| runtime.block_on(startup::serve(config)))),
        Command::Migrate => finish(begin(&config).and_then(|()| runtime.block_on(migrate::run(&config)))),
    }
}

/// Shows the configuration, or what of it `serve` would refuse.
fn check(config: &Config) -> ExitCode {
    if let Err(wrong) = startup::check_providers(config) {
        let lines: String = wrong.iter().map(|one| format!("  {one}\n")).collect();
        complain(&format!("The configuration is refused:\n{lines}"));
        return ExitCode::FAILURE;
    }
    say(&config.show());
    complain(&config.misspelt());
    if config.unknown.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn begin(config: &Config) -> Result<(), startup::StartError> {
    startup::start_logging(&config.log, config.log_format);
    log_panics();
    startup::raise_open_files();
    startup::protect_memory()
}

fn finish(ended: Result<(), startup::StartError>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("innkeeper: {}\n", explain(&error)));
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_commands_are_sound_and_tell_the_settings() {
        Cli::command().debug_assert();
        let mut command = Cli::command();
        let serve = command.find_subcommand_mut("serve").unwrap();
        assert!(serve.render_long_help().to_string().contains("INNKEEPER_MASTER_KEY_FILE"));
        assert!(serve.render_help().to_string().contains("`innkeeper serve --help` lists them"));
        let runs = command.find_subcommand_mut("run").unwrap().render_long_help().to_string();
        assert!(runs.contains("rollback") && !runs.contains("turn-back"), "{runs}");
        let lines = [
            "serve",
            "migrate",
            "config check",
            "doctor",
            "doctor --orphans --json",
            "run stuck --json",
            "run resume OB-7K3M-92QF",
            "run rollback OB-7K3M-92QF",
            // As they were called before.
            "run go-on OB-7K3M-92QF",
            "run turn-back OB-7K3M-92QF",
            "orphan list --json",
            "orphan remove database stray_aaaaaa --yes-remove stray_aaaaaa",
            "orphan adopt database shop_k3v9x2",
            "staff add",
            "staff add --role viewer",
            "staff list --json",
            "staff remove jane@acme.example",
            "key rotate",
            "key rotate --prepare",
            "key rotate --keep-old --json",
            "organisation open Acme",
            "organisation list --search acme --json",
        ];
        for line in lines {
            assert!(
                Cli::try_parse_from(std::iter::once("innkeeper").chain(line.split(' '))).is_ok(),
                "{line}"
            );
        }
        for line in [
            "doctor --fix",
            "key rotate --prepare --keep-old",
            "staff add --role owner",
            "staff remove",
            "organisation open",
        ] {
            assert!(
                Cli::try_parse_from(std::iter::once("innkeeper").chain(line.split(' '))).is_err(),
                "{line}"
            );
        }
    }
}
