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

/// Whether a server function of this path gives the browser a new session id.
pub fn signs_in(path: &str) -> bool {
    [pages::verify::Verify::PATH, pages::passkey::UsePasskey::PATH, pages::staff::claim::Claim::PATH]
        .contains(&path)
}

/// Whether what a server function of this path was sent from shows a secret and is left for good: it must not come back from
/// the browser's memory, which no-store does not forbid.
pub fn leaves_a_secret(path: &str) -> bool {
    path == pages::tenant::handoff::Confirm::PATH
}

/// Every server function with its rule. A test of the portal compares it with what is registered.
pub const ACCESS: &[(&str, Access)] = &[
    (pages::sign_up::SignUp::PATH, Access::Anyone),
    (pages::sign_in::SignIn::PATH, Access::Anyone),
    (pages::verify::Verify::PATH, Access::Anyone),
    (pages::passkey::BeginPasskey::PATH, Access::Anyone),
    (pages::passkey::UsePasskey::PATH, Access::Anyone),
    (super::menu::SignOut::PATH, Access::SignedIn),
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
    (pages::tenant::lifecycle::actions::SuspendTenant::PATH, Access::SignedIn),
    (pages::tenant::lifecycle::actions::ResumeTenant::PATH, Access::SignedIn),
    (pages::tenant::lifecycle::actions::DestroyTenant::PATH, Access::SignedIn),
    (pages::tenant::lifecycle::actions::KeepTenant::PATH, Access::SignedIn),
    (pages::tenant::lifecycle::actions::TryAgain::PATH, Access::SignedIn),
    (pages::staff::domains::DecideDomain::PATH, Access::SignedIn),
    (pages::staff::take_back::TakeBackDomain::PATH, Access::SignedIn),
    (pages::organisation::address::RenameSlug::PATH, Access::SignedIn),
    (pages::organisation::sso::issuer::SaveIssuer::PATH, Access::SignedIn),
    (pages::organisation::sso::issuer::RemoveIssuer::PATH, Access::SignedIn),
    (pages::organisation::sso::domains::AddDomain::PATH, Access::SignedIn),
    (pages::organisation::sso::domains::CheckDomain::PATH, Access::SignedIn),
    (pages::organisation::sso::domains::AskDomain::PATH, Access::SignedIn),
    (pages::organisation::sso::domains::RemoveDomain::PATH, Access::SignedIn),
    (pages::organisation::sso::groups::AddGroup::PATH, Access::SignedIn),
    (pages::organisation::sso::groups::RemoveGroup::PATH, Access::SignedIn),
    (pages::organisation::sso::github::AddGithub::PATH, Access::SignedIn),
    (pages::organisation::sso::github::RemoveGithub::PATH, Access::SignedIn),
    (pages::organisation::sso::teams::AddTeam::PATH, Access::SignedIn),
    (pages::organisation::sso::teams::RemoveTeam::PATH, Access::SignedIn),
    (pages::organisation::sso::enforce::EnforceSignIn::PATH, Access::SignedIn),
    (pages::organisation::sso::enforce::ReleaseSignIn::PATH, Access::SignedIn),
];
