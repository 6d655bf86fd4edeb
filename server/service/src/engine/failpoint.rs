//! Faults on order, for the crash tests; compiled into the test build only.
//!
//! `INNKEEPER_FAILPOINT=<step>:<point>:<kill|error|hang>`. Points: `after_intent`, `after_effect`, `after_done`, and
//! the same with `undo_` in front. `INNKEEPER_FAILPOINT_ONCE` names a file: the fault strikes only while it exists,
//! and removes it.

/// Where in a step a fault can strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// The intent is recorded, nothing was done.
    AfterIntent,
    /// The effect is there, nothing is recorded.
    AfterEffect,
    /// The effect is recorded.
    AfterDone,
    /// As `AfterIntent`, of the undoing.
    UndoAfterIntent,
    /// As `AfterEffect`, of the undoing.
    UndoAfterEffect,
}

/// Strikes if a fault was ordered here.
#[cfg(not(feature = "failpoints"))]
pub async fn strike(_step: &str, _point: Point) -> Result<(), super::StepError> {
    std::future::ready(Ok(())).await
}

/// Strikes if a fault was ordered here.
#[cfg(feature = "failpoints")]
pub async fn strike(step: &str, point: Point) -> Result<(), super::StepError> {
    let Ok(order) = std::env::var("INNKEEPER_FAILPOINT") else { return Ok(()) };
    let name = match point {
        Point::AfterIntent => "after_intent",
        Point::AfterEffect => "after_effect",
        Point::AfterDone => "after_done",
        Point::UndoAfterIntent => "undo_after_intent",
        Point::UndoAfterEffect => "undo_after_effect",
    };
    let mut parts = order.splitn(3, ':');
    if parts.next() != Some(step) || parts.next() != Some(name) {
        return Ok(());
    }
    if let Ok(file) = std::env::var("INNKEEPER_FAILPOINT_ONCE")
        && std::fs::remove_file(file).is_err()
    {
        return Ok(());
    }
    match parts.next() {
        Some("kill") => {
            // SIGKILL, as the kernel would: no destructor, no flush.
            let _ = std::process::Command::new("kill").args(["-9", &std::process::id().to_string()]).status();
            std::future::pending().await
        }
        Some("hang") => std::future::pending().await,
        Some("fatal") => Err(super::StepError::Fatal(format!("ordered fault at {step}"))),
        _ => Err(super::StepError::Retry(format!("ordered fault at {step}"))),
    }
}
