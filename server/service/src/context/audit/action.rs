//! What is recorded in the audit log.

/// Makes the enum of actions with their stored names and their meanings.
macro_rules! actions {
    ($($action:ident $stored:literal $meaning:literal;)*) => {
        /// An action of the audit log. Its stored name stays as it is for ever: rows are never rewritten.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action {
            $(#[doc = $meaning] $action,)*
        }

        impl Action {
            /// All of them, by their stored names.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// Its stored name, `noun.verb`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$action => $stored),* }
            }

            /// What it says, as a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$action => $meaning),* }
            }
        }
    };
}

actions! {
    AccountCreate "account.create" "An account was created at somebody's first sign-in.";
    BackupRemove "backup.remove" "A final backup was deleted, since the time it is kept for was over.";
    DomainAdd "domain.add" "An admin added an e-mail domain to an organisation.";
    DomainAsk "domain.ask" "An admin asked staff to verify an e-mail domain by hand.";
    DomainDecide "domain.decide" "Staff approved or declined an e-mail domain.";
    DomainLose "domain.lose" "An organisation lost a verified domain, since another one verified it in DNS.";
    DomainVerify "domain.prove" "A domain was verified by its TXT record.";
    DomainRemove "domain.remove" "An admin removed an e-mail domain.";
    DomainRevoke "domain.take_back" "Staff revoked a verified domain.";
    GithubAdd "github.add" "An admin added a GitHub organisation.";
    GithubRemove "github.remove" "An admin removed a GitHub organisation.";
    GithubVerify "github.show" "An admin verified ownership of a GitHub organisation.";
    GroupRemove "group.remove" "An admin removed a group mapping.";
    GroupSet "group.set" "An admin mapped a group to a role.";
    HandoffConfirm "handoff.confirm" "Somebody confirmed that the credentials are saved.";
    HandoffDownload "handoff.download" "Somebody downloaded the credentials as a file.";
    HandoffExpire "handoff.expire" "Credentials expired before anybody viewed them.";
    HandoffLapse "handoff.lapse" "The viewing window of credentials closed without a confirmation.";
    HandoffRenew "handoff.renew" "Somebody requested a password reset.";
    HandoffReveal "handoff.reveal" "Somebody viewed the credentials.";
    HandoffSeal "handoff.seal" "Generated credentials were encrypted and made available to one person.";
    HandoffView "handoff.view" "Somebody looked at opened credentials again.";
    SignInMethodAdd "identity.add" "A sign-in method was added to an account.";
    SignInMethodAsk "identity.ask" "An e-mail was requested that adds an address to an account.";
    SsoEnforce "identity.enforce" "An admin required single sign-on.";
    IssuerSave "identity.issuer" "An admin saved the issuer of an organisation's single sign-on.";
    IssuerRemove "identity.issuer_remove" "An admin removed the issuer of an organisation's single sign-on.";
    SsoRelax "identity.release" "All sign-in methods were allowed again.";
    SignInMethodRemove "identity.remove" "A sign-in method was removed from an account.";
    SsoTest "identity.try" "An admin tested the single sign-on.";
    MasterKeyRetire "master_key.retire" "The operator ended the use of the former master key.";
    MasterKeyRotate "master_key.rotate" "The operator began the rotation of the master key.";
    MemberChange "member.change" "A group changed what somebody is in an organisation.";
    MemberJoin "member.join" "A group made somebody a member of an organisation.";
    MemberLapse "member.lapse" "A membership by groups ended, since nothing had confirmed it for 30 days.";
    MemberLeave "member.leave" "A membership by groups ended.";
    OrganisationCreate "organisation.create" "Somebody created an organisation.";
    OrganisationRename "organisation.slug" "An admin changed the address of an organisation.";
    OrphanAdopt "orphan.adopt" "The operator gave a resource without an owner back to its tenant.";
    OrphanRemove "orphan.remove" "The operator removed a resource without an owner.";
    OrphanRemoveFailed "orphan.remove_failed" "The removal of a resource without an owner failed.";
    RunDone "run.done" "An operation succeeded.";
    RunFailed "run.failed" "An operation failed, and what it did was rolled back.";
    RunResume "run.go_on" "A stuck operation was resumed.";
    RunStuck "run.stuck" "An operation needs attention.";
    RunRollback "run.turn_back" "An operation was rolled back by a person.";
    HbaDriftCorrect "server.mend_rules" "Drift of a server's `pg_hba.conf` was corrected.";
    SessionEnd "session.end" "Sessions were ended other than by signing out.";
    SessionSignIn "session.sign_in" "Somebody signed in.";
    SessionSignOut "session.sign_out" "Somebody signed out.";
    SignInAsk "sign_in.ask" "A sign-in e-mail was requested.";
    SignInRefused "sign_in.refused" "A sign-in was refused.";
    SignInWrongCode "sign_in.wrong_code" "A wrong code was typed.";
    StaffChange "staff.change" "A group changed a staff role.";
    StaffClaim "staff.claim" "Somebody accepted a staff role by an invite link.";
    StaffJoin "staff.join" "A group gave somebody a staff role.";
    StaffLeave "staff.leave" "A staff role by a group ended.";
    StaffLink "staff.link" "An invite link to a staff role was created.";
    StaffRemove "staff.remove" "The operator took a staff role away.";
    TenantChangePlan "tenant.change_plan" "An admin changed the plan of a database.";
    TenantDelete "tenant.destroy" "An admin deleted a database; it is removed once the waiting time is over.";
    TenantEndSessions "tenant.end_sessions" "Sessions of a tenant were ended, since they were in the way of others.";
    TenantFirstConnection "tenant.first_connection" "A database was connected to for the first time.";
    TenantDeletionCancel "tenant.keep" "An admin cancelled the deletion of a database.";
    TenantDriftCorrect "tenant.mend" "A setting of a tenant was put back on its server (drift).";
    TenantRemove "tenant.remove" "The removal of a deleted database began.";
    TenantRequest "tenant.request" "Somebody created a database.";
    TenantResume "tenant.resume" "An admin restored access to a suspended database.";
    TenantRetry "tenant.retry" "An admin had a failed creation tried again.";
    TenantStartOver "tenant.start_over" "An admin gave up a failed creation.";
    TenantStorageFull "tenant.storage_full" "A database above its plan's storage was made read-only.";
    TenantStorageReleased "tenant.storage_released" "A database below its plan's storage was made writable again.";
    TenantSuspend "tenant.suspend" "An admin suspended a database.";
}

impl Action {
    /// Whether it is something that only staff do: a person who does it acts as one of them.
    pub fn is_of_staff(self) -> bool {
        matches!(self, Self::DomainDecide | Self::DomainRevoke)
    }
}

#[cfg(test)]
mod tests {
    use super::Action;
    use std::{collections::BTreeSet, fmt::Write as _, fs};

    #[test]
    fn names_are_of_one_form_and_of_one_action_each() {
        let names: BTreeSet<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
        assert_eq!(names.len(), Action::ALL.len());
        for name in names {
            let words = name.split_once('.').unwrap();
            for word in [words.0, words.1] {
                assert!(
                    !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn the_documented_table_is_that_of_the_code() {
        let mut table = String::from("# Actions of the audit log\n\n| action | meaning |\n| --- | --- |\n");
        for action in Action::ALL {
            writeln!(table, "| `{}` | {} |", action.as_str(), action.meaning()).unwrap();
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/audit-actions.md");
        if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
            fs::write(path, &table).unwrap();
        }
        let documented = fs::read_to_string(path).unwrap_or_default();
        assert_eq!(documented, table, "run this test with INSTA_UPDATE=always");
    }
}
