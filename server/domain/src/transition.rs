//! What the state of a tenant may become.

use crate::tenant::TenantState;

/// A change of a tenant's state, by what causes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// Its credentials are handed over for the first time.
    Ready,
    /// It could not be made.
    OnboardingFailed,
    /// It is made again.
    OnboardingRetried,
    /// It could not be made, and is given up.
    Abandoned,
    /// It is suspended.
    Suspended,
    /// Its suspension is stuck: everybody but who does not end is kept out.
    SuspensionStuck,
    /// It is in use again after a suspension.
    Resumed,
    /// It is to be deleted.
    DeletionRequested,
    /// It is again what it was before its suspension or deletion was asked for.
    Restored,
    /// It was removed from its server.
    Removed,
    /// The operator gives it back to its organisation.
    Adopted,
}

/// What a tenant becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This.
    State(TenantState),
    /// This, and what it was is remembered.
    Remembering(TenantState),
    /// What was remembered; as it is where nothing was.
    Remembered,
}

impl Transition {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Ready,
        Self::OnboardingFailed,
        Self::OnboardingRetried,
        Self::Abandoned,
        Self::Suspended,
        Self::SuspensionStuck,
        Self::Resumed,
        Self::DeletionRequested,
        Self::Restored,
        Self::Removed,
        Self::Adopted,
    ];

    /// In which states it can happen.
    pub const fn from(self) -> &'static [TenantState] {
        use TenantState::{Active, Destroyed, Destroying, Failed, Provisioning, Suspended};
        match self {
            Self::Ready | Self::OnboardingFailed => &[Provisioning],
            Self::OnboardingRetried | Self::Abandoned => &[Failed],
            Self::Suspended | Self::SuspensionStuck | Self::DeletionRequested => &[Active, Suspended],
            Self::Resumed => &[Suspended],
            Self::Restored => &[Active, Suspended, Destroying],
            Self::Removed => &[Destroying],
            Self::Adopted => &[Failed, Destroyed],
        }
    }

    /// What the tenant becomes by it.
    pub const fn to(self) -> Target {
        match self {
            Self::Ready | Self::Resumed => Target::State(TenantState::Active),
            Self::OnboardingFailed => Target::State(TenantState::Failed),
            Self::OnboardingRetried => Target::State(TenantState::Provisioning),
            Self::Abandoned | Self::Removed => Target::State(TenantState::Destroyed),
            Self::Suspended | Self::Adopted => Target::State(TenantState::Suspended),
            Self::SuspensionStuck => Target::Remembering(TenantState::Suspended),
            Self::DeletionRequested => Target::Remembering(TenantState::Destroying),
            Self::Restored => Target::Remembered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_state_in_use_can_be_left_and_reached() {
        for state in
            [TenantState::Active, TenantState::Suspended, TenantState::Failed, TenantState::Destroying]
        {
            assert!(Transition::ALL.iter().any(|one| one.from().contains(&state)), "{state:?}");
            let reaches = |one: &Transition| matches!(one.to(), Target::State(to) | Target::Remembering(to) if to == state);
            assert!(Transition::ALL.iter().any(reaches), "{state:?}");
        }
    }

    /// Nobody gets at a deleted database again but by the operator.
    #[test]
    fn what_is_destroyed_is_left_by_adoption_alone() {
        let leaves = |one: &&Transition| one.from().contains(&TenantState::Destroyed);
        let leaving: Vec<_> = Transition::ALL.iter().filter(leaves).collect();
        assert_eq!(leaving, [&Transition::Adopted]);
    }
}
