use super::output::Lossy;
use crate::config::LogFormat;
use std::{
    io::{IsTerminal as _, stderr},
    sync::Mutex,
};
use tracing_subscriber::EnvFilter;

/// Starts the log on standard error. The filter was checked when the configuration was read. A line that cannot be
/// written is dropped.
pub fn start_logging(filter: &str, format: LogFormat) {
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_writer(Mutex::new(Lossy::new(stderr())))
        .with_ansi(stderr().is_terminal())
        // Said by `eprintln!`, which panics where standard error cannot be written.
        .log_internal_errors(false);
    let started = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    if let Err(error) = started {
        // Another one is there already, as in tests: it does.
        tracing::debug!(%error, "the log was started before");
    }
}
