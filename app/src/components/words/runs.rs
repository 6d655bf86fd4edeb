//! Runs and their steps in words.

use innkeeper_domain::run::RunKind;

/// What a run is for.
pub fn run_kind(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Onboard => "Setup",
        RunKind::RenewPasswords => "Reset passwords",
        RunKind::ExpirePasswords => "Revoke passwords",
        RunKind::Suspend => "Suspend",
        RunKind::Resume => "Resume",
        RunKind::Destroy => "Delete",
        RunKind::UndoDestroy => "Cancel deletion",
        RunKind::Remove => "Permanently delete",
        RunKind::ChangePlan => "Change plan",
    }
}

/// What a run is doing while it is under way.
pub fn doing(kind: RunKind) -> &'static str {
    match kind {
        RunKind::Onboard => "Setting up",
        RunKind::RenewPasswords => "Resetting passwords",
        RunKind::ExpirePasswords => "Revoking passwords",
        RunKind::Suspend => "Suspending",
        RunKind::Resume => "Resuming",
        RunKind::Destroy => "Deleting",
        RunKind::UndoDestroy => "Cancelling deletion",
        RunKind::Remove => "Permanently deleting",
        RunKind::ChangePlan => "Changing the plan",
    }
}

/// A step's name as a person reads it, and why it is there.
pub fn step(name: &str) -> (String, &'static str) {
    let (label, why) = match name {
        "check_capacity" => ("Choose server", "Checks capacity: connections, databases and disk"),
        "create_roles" => ("Create roles", "Owner, application and read-only, each with its own password"),
        "create_database" => ("Create database", "Closed to everybody until the connection test"),
        "apply_template" => {
            ("Grant privileges", "The owner creates tables, the application writes, the third role reads")
        }
        "install_extensions" => ("Install extensions", "Those you chose"),
        "apply_limits" => ("Set limits", "Connections, memory and timeouts of your plan"),
        "write_allowlist" => ("Open network access", "For your allowed IP addresses only, with TLS"),
        "store_secrets" => {
            ("Encrypt credentials", "The passwords are encrypted, then decrypted once to verify")
        }
        "verify_access" => {
            ("Test connections", "Each role signs in; wrong passwords and other databases are rejected")
        }
        "hand_over" => ("Make credentials available", "They can be viewed once, within 72 hours"),
        "change_passwords" => {
            ("Replace passwords", "The old ones stop working, and existing connections are closed")
        }
        "clear_passwords" => {
            ("Revoke passwords", "Nobody viewed them in time; existing connections are closed")
        }
        "cut_off" => ("Block access", "Connections are closed, and nobody can connect"),
        "let_in" => ("Restore access", "Clients can connect again, with the same passwords"),
        "final_backup" => ("Take final backup", "A backup is taken, encrypted and verified"),
        "close_database" => ("Disable connections", "Nothing can change while it is waiting for deletion"),
        "open_database" => ("Enable connections", "With all data, as before"),
        "check_removal" => {
            ("Final check", "Checks that the waiting period is over and verifies the final backup again")
        }
        "drop_database" => ("Delete database", "With all its data"),
        "drop_roles" => ("Delete roles", "Owner, application and read-only"),
        "remove_allowlist" => ("Remove network access", "Its pg_hba.conf rules are removed"),
        "destroy_secrets" => ("Delete secrets", "All except the key of the final backup"),
        "release_capacity" => ("Release capacity", "For other databases on this server"),
        "change_reservation" => ("Reserve capacity", "For the new limits on this server"),
        "change_limits" => ("Change limits", "Connections, memory and timeouts of the new plan"),
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
