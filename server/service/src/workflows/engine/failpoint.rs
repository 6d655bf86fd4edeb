//! Faults on order, for the crash tests; compiled into the test build only.
//!
//! `INNKEEPER_FAILPOINTS` names a file of orders, one a line: `<step>:<point>:<fault>`. An order strikes once: its line
//! is removed first. Points: `before_intent`, `after_intent`, `in_effect`, `after_effect`, `after_done`, and
//! `undo_after_intent`, `undo_in_effect`, `undo_after_effect`. Faults: `kill` (with `kill:<milliseconds>` later than
//! the point), `error`, `fatal`, `hang`, `panic`; `twice` at `after_effect` or `undo_after_effect` acts once more.
//! `INNKEEPER_FAILPOINT_DEADLINE` shortens the deadline of every step, in milliseconds.

use super::StepError;

/// Where in a step a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The run was taken, nothing is recorded.
    BeforeIntent,
    /// The intent is recorded, nothing was done.
    AfterIntent,
    /// The effect is being made.
    InEffect,
    /// The effect is there, nothing is recorded.
    AfterEffect,
    /// The effect is recorded.
    AfterDone,
    /// As `AfterIntent`, of the undoing.
    UndoAfterIntent,
    /// As `InEffect`, of the undoing.
    UndoInEffect,
    /// As `AfterEffect`, of the undoing.
    UndoAfterEffect,
}

/// What a fault asks of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Struck {
    /// Nothing.
    No,
    /// To act once more.
    Twice,
}

/// Strikes if a fault was ordered here.
#[cfg(not(feature = "failpoints"))]
pub async fn strike(_step: &str, _point: Point) -> Result<Struck, StepError> {
    std::future::ready(Ok(Struck::No)).await
}

/// How long a step may take.
#[cfg(not(feature = "failpoints"))]
pub fn deadline(usual: std::time::Duration) -> std::time::Duration {
    usual
}

#[cfg(feature = "failpoints")]
pub use ordered::{deadline, strike};

#[cfg(feature = "failpoints")]
mod ordered {
    use super::{Point, StepError, Struck};
    use std::{fs, process::Command, sync::Mutex, time::Duration};

    /// Two workers must not take the same order.
    static FILE: Mutex<()> = Mutex::new(());

    /// Strikes if a fault was ordered here.
    ///
    /// # Panics
    /// On order.
    pub async fn strike(step: &str, point: Point) -> Result<Struck, StepError> {
        let Some(fault) = take(&format!("{step}:{}:", name(point))) else { return Ok(Struck::No) };
        match fault.as_str() {
            "error" => Err(StepError::Retry(format!("ordered fault at {step}"))),
            "fatal" => Err(StepError::Fatal(format!("ordered fault at {step}"))),
            "hang" => std::future::pending().await,
            "twice" => Ok(Struck::Twice),
            "panic" => panic!("ordered fault at {step}"),
            "kill" => {
                kill();
                std::future::pending().await
            }
            other => {
                if let Some(milliseconds) = other.strip_prefix("kill:").and_then(|text| text.parse().ok()) {
                    // Beside the effect, and whatever that is waiting for.
                    std::thread::spawn(move || {
                        std::thread::sleep(Duration::from_millis(milliseconds));
                        kill();
                    });
                    return Ok(Struck::No);
                }
                Err(StepError::Fatal(format!("an order that nobody knows: {other}")))
            }
        }
    }

    /// How long a step may take.
    pub fn deadline(usual: Duration) -> Duration {
        let ordered = std::env::var("INNKEEPER_FAILPOINT_DEADLINE").ok().and_then(|text| text.parse().ok());
        ordered.map_or(usual, |milliseconds| usual.min(Duration::from_millis(milliseconds)))
    }

    /// SIGKILL, as the kernel would: no destructor, no flush.
    fn kill() {
        let _ = Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
    }

    fn take(prefix: &str) -> Option<String> {
        let path = std::env::var_os("INNKEEPER_FAILPOINTS")?;
        let _guard = FILE.lock().ok()?;
        let text = fs::read_to_string(&path).ok()?;
        let mut orders: Vec<&str> = text.lines().collect();
        let fault = orders.remove(orders.iter().position(|order| order.starts_with(prefix))?);
        let left: String = orders.iter().map(|order| format!("{order}\n")).collect();
        fs::write(&path, left).ok()?;
        Some(fault.strip_prefix(prefix)?.to_owned())
    }

    fn name(point: Point) -> &'static str {
        match point {
            Point::BeforeIntent => "before_intent",
            Point::AfterIntent => "after_intent",
            Point::InEffect => "in_effect",
            Point::AfterEffect => "after_effect",
            Point::AfterDone => "after_done",
            Point::UndoAfterIntent => "undo_after_intent",
            Point::UndoInEffect => "undo_in_effect",
            Point::UndoAfterEffect => "undo_after_effect",
        }
    }
}
