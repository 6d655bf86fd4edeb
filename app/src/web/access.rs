//! Who may call a server function at all. The outer door: finer checks stand in the use cases.

use crate::pages;
use leptos::server_fn::ServerFn;

/// Who may call a server function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody.
    Anyone,
    /// Only somebody who is signed in.
    SignedIn,
}

/// The rule of a path; none where no function is registered for it.
pub fn access(path: &str) -> Option<Access> {
    ACCESS.iter().find(|rule| rule.0 == path).map(|rule| rule.1)
}

/// Every server function with its rule. A test of the portal compares it with what is registered.
pub const ACCESS: &[(&str, Access)] = &[
    (pages::sign_up::SignUp::PATH, Access::Anyone),
    (pages::sign_in::SignIn::PATH, Access::Anyone),
    (pages::verify::Verify::PATH, Access::Anyone),
    (pages::passkey::BeginPasskey::PATH, Access::Anyone),
    (pages::passkey::UsePasskey::PATH, Access::Anyone),
    (pages::account::menu::SignOut::PATH, Access::SignedIn),
    (pages::account::ways::AddMailbox::PATH, Access::SignedIn),
    (pages::account::ways::RemoveWay::PATH, Access::SignedIn),
    (pages::account::passkey::BeginAddPasskey::PATH, Access::SignedIn),
    (pages::account::passkey::AddPasskey::PATH, Access::SignedIn),
    (pages::account::sessions::EndSession::PATH, Access::SignedIn),
    (pages::account::sessions::EndSessions::PATH, Access::SignedIn),
    (pages::staff::claim::Claim::PATH, Access::SignedIn),
    (pages::wizard::database::Database::PATH, Access::SignedIn),
    (pages::wizard::check::Check::PATH, Access::SignedIn),
    (pages::tenant::setup::Retry::PATH, Access::SignedIn),
    (pages::tenant::setup::StartOver::PATH, Access::SignedIn),
    (pages::tenant::handoff::Reveal::PATH, Access::SignedIn),
    (pages::tenant::handoff::Confirm::PATH, Access::SignedIn),
    (pages::tenant::handoff::Renew::PATH, Access::SignedIn),
    (pages::tenant::rotate::RotatePasswords::PATH, Access::SignedIn),
    (pages::tenant::plan::ChangePlan::PATH, Access::SignedIn),
    (pages::tenant::danger_acts::SuspendTenant::PATH, Access::SignedIn),
    (pages::tenant::danger_acts::ResumeTenant::PATH, Access::SignedIn),
    (pages::tenant::danger_acts::DestroyTenant::PATH, Access::SignedIn),
    (pages::tenant::danger_acts::KeepTenant::PATH, Access::SignedIn),
    (pages::tenant::danger_acts::TryAgain::PATH, Access::SignedIn),
    (pages::staff::domains::DecideDomain::PATH, Access::SignedIn),
    (pages::staff::take_back::TakeBackDomain::PATH, Access::SignedIn),
    (pages::tenant::identity::issuer::SaveIssuer::PATH, Access::SignedIn),
    (pages::tenant::identity::issuer::RemoveIssuer::PATH, Access::SignedIn),
    (pages::tenant::identity::domains::AddDomain::PATH, Access::SignedIn),
    (pages::tenant::identity::domains::CheckDomain::PATH, Access::SignedIn),
    (pages::tenant::identity::domains::AskDomain::PATH, Access::SignedIn),
    (pages::tenant::identity::domains::RemoveDomain::PATH, Access::SignedIn),
    (pages::tenant::identity::groups::AddGroup::PATH, Access::SignedIn),
    (pages::tenant::identity::groups::RemoveGroup::PATH, Access::SignedIn),
    (pages::tenant::identity::github::AddGithub::PATH, Access::SignedIn),
    (pages::tenant::identity::github::RemoveGithub::PATH, Access::SignedIn),
    (pages::tenant::identity::teams::AddTeam::PATH, Access::SignedIn),
    (pages::tenant::identity::teams::RemoveTeam::PATH, Access::SignedIn),
    (pages::tenant::identity::enforce::EnforceSignIn::PATH, Access::SignedIn),
    (pages::tenant::identity::enforce::ReleaseSignIn::PATH, Access::SignedIn),
];
