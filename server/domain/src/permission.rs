//! Permissions: what each role may do, in one table.

use crate::{organisation::MemberRole, staff::StaffRole};
use serde::{Deserialize, Serialize};

/// Who has a permission, and what it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Everybody, also without having signed in.
    pub anyone: bool,
    /// Everybody who has signed in, on what is their own.
    pub signed_in: bool,
    /// Members of the organisation with one of these roles.
    pub members: &'static [MemberRole],
    /// Staff from this role on.
    pub staff: Option<StaffRole>,
    /// The operator, by the command line.
    pub operator: bool,
    /// Whether a person needs a fresh sign-in for it.
    pub fresh: bool,
    /// Whether what is changed by it has to be in the audit log.
    pub recorded: bool,
}

impl Grant {
    const NOBODY: Self = Self {
        anyone: false,
        signed_in: false,
        members: &[],
        staff: None,
        operator: false,
        fresh: false,
        recorded: true,
    };
    const ANYONE: Self = Self { anyone: true, ..Self::NOBODY };
    const SIGNED_IN: Self = Self { signed_in: true, ..Self::NOBODY };
    const OPERATOR: Self = Self { operator: true, ..Self::NOBODY };

    const fn members(members: &'static [MemberRole]) -> Self {
        Self { members, ..Self::NOBODY }
    }

    const fn staff(from: StaffRole) -> Self {
        Self { staff: Some(from), ..Self::NOBODY }
    }

    const fn fresh(self) -> Self {
        Self { fresh: true, ..self }
    }

    const fn unrecorded(self) -> Self {
        Self { recorded: false, ..self }
    }

    const fn and_operator(self) -> Self {
        Self { operator: true, ..self }
    }
}

const EVERY_MEMBER: Grant = Grant::members(&MemberRole::ALL);
const ADMINS: Grant = Grant::members(&[MemberRole::Admin]);

macro_rules! permissions {
    ($($permission:ident $name:literal $words:literal $grant:expr;)*) => {
        /// A permission: one thing that somebody may do or see.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Permission {
            $(#[doc = concat!("To ", $words, ".")] $permission,)*
        }

        impl Permission {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$permission),*];

            /// Its name, `noun.verb`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$permission => $name),* }
            }

            /// What it lets somebody do, as the end of "Only admins can …".
            pub fn words(self) -> &'static str {
                match self { $(Self::$permission => $words),* }
            }

            /// Who has it.
            pub const fn grant(self) -> Grant {
                match self { $(Self::$permission => $grant),* }
            }
        }
    };
}

permissions! {
    PublicView "public.view" "open what is public" Grant::ANYONE;
    SignInAttempt "sign_in.attempt" "begin to sign in" Grant::ANYONE.unrecorded();
    SignInAsk "sign_in.ask" "request a sign-in e-mail" Grant::ANYONE;
    SignIn "sign_in.complete" "sign in" Grant::ANYONE;
    SignOut "session.sign_out" "sign out" Grant::SIGNED_IN;
    AccountView "account.view" "see one's own account" Grant::SIGNED_IN;
    AccountChange "account.change" "change one's own sign-in methods" Grant::SIGNED_IN.fresh();
    AccountComplete "account.complete" "complete the adding of a sign-in method" Grant::SIGNED_IN;
    SessionEnd "session.end" "end one's own other sessions" Grant::SIGNED_IN;
    StaffClaim "staff.claim" "accept a staff role by an invite link" Grant::SIGNED_IN.fresh();
    RequestDraft "request.draft" "fill in a new database" Grant::SIGNED_IN.unrecorded();
    RequestAccept "request.accept" "create a database" Grant::SIGNED_IN;
    GithubVerify "github.verify" "verify a GitHub organisation" Grant::SIGNED_IN;
    OrganisationView "organisation.view" "see the organisation" EVERY_MEMBER;
    OrganisationRename "organisation.rename" "change the organisation's address" ADMINS.fresh();
    SsoView "sso.view" "see the sign-in settings" ADMINS;
    SsoChange "sso.change" "change the sign-in settings" ADMINS.fresh();
    SsoTest "sso.test" "test the single sign-on" ADMINS;
    SsoRelax "sso.relax" "allow all sign-in methods again" ADMINS.fresh().and_operator();
    TenantView "tenant.view" "see the database" EVERY_MEMBER;
    OnboardingRetry "onboarding.retry" "create the database anew" ADMINS;
    HandoffView "handoff.view" "see the status of the credentials" ADMINS;
    HandoffReveal "handoff.reveal" "view the credentials" ADMINS.fresh();
    CredentialsView "credentials.view" "see the credentials page" ADMINS;
    CredentialsReset "credentials.reset" "reset the passwords" ADMINS.fresh();
    PlanView "plan.view" "see the plans" ADMINS;
    PlanChange "plan.change" "change the plan" ADMINS.fresh();
    LifecycleView "lifecycle.view" "suspend or delete the database" ADMINS;
    LifecycleChange "lifecycle.change" "suspend, resume or delete the database" ADMINS.fresh();
    RunResume "run.resume" "resume an operation" ADMINS.fresh().and_operator();
    RunRollback "run.rollback" "roll an operation back" Grant::OPERATOR;
    RunList "run.list" "list operations that need attention" Grant::OPERATOR;
    OrganisationSearch "organisation.search" "list all organisations" Grant::OPERATOR;
    StaffView "staff.view" "see who is staff" Grant::staff(StaffRole::Viewer).and_operator();
    StaffManage "staff.manage" "add and remove staff" Grant::OPERATOR;
    DomainReview "domain.review" "see the domains of organisations" Grant::staff(StaffRole::Viewer);
    DomainRevokeView "domain.revoke_view" "see what revoking a domain means" Grant::staff(StaffRole::Approver);
    DomainDecide "domain.decide" "approve, decline and revoke domains" Grant::staff(StaffRole::Approver).fresh();
}

impl Permission {
    /// Whether a member of an organisation with this role has it there.
    pub fn of_member(self, role: MemberRole) -> bool {
        self.grant().members.contains(&role)
    }

    /// Whether one of the staff with this role has it.
    pub fn of_staff(self, role: StaffRole) -> bool {
        self.grant().staff.is_some_and(|from| role >= from)
    }

    /// Whether it is for nobody but staff.
    pub fn is_of_staff_only(self) -> bool {
        let grant = self.grant();
        grant.staff.is_some() && grant.members.is_empty() && !grant.anyone && !grant.signed_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{collections::BTreeSet, fmt::Write as _, fs};

    #[test]
    fn each_has_one_name_and_somebody_who_has_it() {
        let names: BTreeSet<_> = Permission::ALL.iter().map(|one| one.as_str()).collect();
        assert_eq!(names.len(), Permission::ALL.len());
        for permission in Permission::ALL {
            let grant = permission.grant();
            let somebody = grant.anyone || grant.signed_in || grant.operator || grant.staff.is_some();
            assert!(somebody || !grant.members.is_empty(), "{permission:?}");
            // Nobody loses by being admin.
            assert!(grant.members.is_empty() || permission.of_member(MemberRole::Admin), "{permission:?}");
        }
    }

    #[test]
    fn the_documented_table_is_that_of_the_code() {
        let members = MemberRole::ALL.map(|role| role.as_str().to_owned());
        let staff = StaffRole::ALL.iter().map(|role| format!("staff: {}", role.as_str()));
        let who: Vec<_> = ["anyone", "signed in"]
            .map(str::to_owned)
            .into_iter()
            .chain(members)
            .chain(staff)
            .chain(["command line".to_owned()])
            .collect();
        let mut table = format!(
            "# Permissions\n\n| permission | to | {} | fresh sign-in | changes in the audit log |\n",
            who.join(" | ")
        );
        writeln!(table, "|{}", " --- |".repeat(who.len() + 4)).unwrap();
        let mut cells = 0;
        for permission in Permission::ALL {
            let grant = permission.grant();
            let of_members = MemberRole::ALL.map(|role| permission.of_member(role));
            let of_staff = StaffRole::ALL.iter().map(|role| permission.of_staff(*role));
            let has = [grant.anyone, grant.signed_in].into_iter().chain(of_members).chain(of_staff);
            let row: Vec<_> = has.chain([grant.operator, grant.fresh, grant.recorded]).collect();
            cells += row.len();
            let row: Vec<_> = row.into_iter().map(|has| if has { "yes" } else { "" }).collect();
            writeln!(table, "| `{}` | {} | {} |", permission.as_str(), permission.words(), row.join(" | "))
                .unwrap();
        }
        writeln!(table, "\n{cells} cells. A row of `anyone` and `signed in` is about what is one's own.")
            .unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/permissions.md");
        if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
            fs::write(path, &table).unwrap();
        }
        let documented = fs::read_to_string(path).unwrap_or_default();
        assert_eq!(documented, table, "run this test with INSTA_UPDATE=always");
    }
}
