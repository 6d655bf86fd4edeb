//! Runs and steps: the words of the engine.

use crate::tenant::stored;
use serde::{Deserialize, Serialize};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Make a tenant.
    Onboard,
    /// Replace a tenant's three passwords and hand them over again.
    RenewPasswords,
    /// Take the passwords away that nobody opened in time.
    ExpirePasswords,
    /// Cut a tenant off; everything is kept.
    Suspend,
    /// Let a suspended tenant in again.
    Resume,
    /// Cut a tenant off, take its final backup, and close its database until it is removed.
    Destroy,
    /// Give a tenant back that waits for its removal.
    UndoDestroy,
    /// Remove a tenant whose time to be given back is over.
    Remove,
    /// Give a tenant the limits of another plan.
    ChangePlan,
}

stored!(RunKind {
    Onboard "onboard",
    RenewPasswords "renew_passwords",
    ExpirePasswords "expire_passwords",
    Suspend "suspend",
    Resume "resume",
    Destroy "destroy",
    UndoDestroy "undo_destroy",
    Remove "remove",
    ChangePlan "change_plan",
});

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Going through its steps.
    Running,
    /// Undoing its steps.
    Unwinding,
    /// All steps done.
    Done,
    /// Undone whole; nothing is left.
    Failed,
    /// Could not be undone; a person has to look.
    Stuck,
}

stored!(RunState {
    Running "running",
    Unwinding "unwinding",
    Done "done",
    Failed "failed",
    Stuck "stuck",
});

impl RunState {
    /// Whether nothing more will happen by itself.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Stuck)
    }
}

/// Where a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Not begun.
    Waiting,
    /// Its intent is recorded; its effect may or may not be there.
    Running,
    /// Its effect is there.
    Done,
    /// Given up.
    Failed,
    /// Its undoing is under way.
    Undoing,
    /// Its effect is gone.
    Undone,
}

stored!(StepState {
    Waiting "waiting",
    Running "running",
    Done "done",
    Failed "failed",
    Undoing "undoing",
    Undone "undone",
});
