//! Runs and their steps in words.

use innkeeper_domain::run::RunKind;

/// What a run is for.
pub fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Onboard => "Set up",
        RunKind::RenewPasswords => "New passwords",
        RunKind::ExpirePasswords => "Passwords taken away",
        RunKind::Suspend => "Suspend",
        RunKind::Resume => "Resume",
        RunKind::Destroy => "Destroy",
        RunKind::UndoDestroy => "Keep",
        RunKind::Remove => "Remove for good",
        RunKind::ChangePlan => "Change plan",
    }
}

/// What a run is doing while it is under way.
pub fn doing(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Onboard => "Setting up",
        RunKind::RenewPasswords => "Making new passwords",
        RunKind::ExpirePasswords => "Taking passwords away",
        RunKind::Suspend => "Suspending",
        RunKind::Resume => "Resuming",
        RunKind::Destroy => "Destroying",
        RunKind::UndoDestroy => "Bringing back",
        RunKind::Remove => "Removing for good",
        RunKind::ChangePlan => "Changing the plan",
    }
}

/// A step's name as a person reads it, and why it is there.
pub fn step(name: &str) -> (String, &'static str) {
    let (label, why) = match name {
        "check_capacity" => ("Server chosen", "Looks for room: connections, databases and disk"),
        "create_roles" => ("Roles created", "Owner, application and read-only, each with its own password"),
        "create_database" => ("Database created", "Closed to everybody from its first moment"),
        "apply_template" => {
            ("Rights set", "The owner makes tables, the application writes, the third role reads")
        }
        "install_extensions" => ("Extensions added", "Those you chose"),
        "apply_limits" => ("Limits set", "Connections, memory and time as your plan has them"),
        "write_allowlist" => ("Network opened", "For your addresses only, and only with TLS"),
        "store_secrets" => ("Credentials sealed", "Encrypted, and read back once to be sure"),
        "verify_access" => (
            "Connections tested",
            "Each role really signs in; wrong passwords and other databases are refused",
        ),
        "hand_over" => ("Ready to hand over", "The credentials wait for you"),
        "change_passwords" => {
            ("Passwords replaced", "The old ones stop working, and existing connections are ended")
        }
        "clear_passwords" => {
            ("Passwords taken away", "Nobody opened them in time; existing connections are ended")
        }
        "cut_off" => ("Cut off", "Sessions end, and nobody can connect"),
        "let_in" => ("Let in", "Its people can connect again, with the same passwords"),
        "final_backup" => ("Final backup", "Taken, encrypted, and read back whole"),
        "close_database" => ("Closed", "Nothing can change in it while it waits for its removal"),
        "open_database" => ("Opened", "As it was when it was closed"),
        "check_removal" => ("Last look", "Its time is over, and the final backup can be read back once more"),
        "drop_database" => ("Database removed", "With all its data"),
        "drop_roles" => ("Roles removed", "Owner, application and read-only"),
        "remove_allowlist" => ("Address rules removed", "Nobody is let in for it any more"),
        "destroy_secrets" => ("Secrets destroyed", "All but the key of the final backup"),
        "release_capacity" => ("Room freed", "For other databases on this server"),
        "change_reservation" => ("Room found", "For the new limits on this server"),
        "change_limits" => ("Limits changed", "Connections, memory and time as the new plan has them"),
        other => {
            let mut words = other.replace('_', " ");
            if let Some(first) = words.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            return (words, "");
        }
    };
    (label.into(), why)
}

#[cfg(test)]
mod tests {
    use super::step;
    use innkeeper_domain::run::RunKind;
    use innkeeper_service::workflows::step_names;

    #[test]
    fn unknown_steps_are_still_readable() {
        assert_eq!(step("warm_the_house").0, "Warm the house");
        assert_eq!(step("").0, "");
    }

    #[test]
    fn every_step_says_why_it_is_there() {
        for kind in RunKind::ALL {
            for name in step_names(*kind) {
                assert!(!step(name).1.is_empty(), "{name} of {kind:?}");
            }
        }
    }
}
