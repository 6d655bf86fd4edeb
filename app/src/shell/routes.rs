//! Which page stands behind which path.

use crate::{
    pages::{
        account::{overview::AccountPage, passkey::AddPasskeyPage, signed_out::SignedOutPage},
        help::HelpPage,
        landing::LandingPage,
        mailbox::{MailPage, MailboxPage},
        organisation::{
            former::FormerSettingsPage, list::OrganisationsPage, overview::OrganisationPage,
            sso::IdentityPage,
        },
        passkey::PasskeyPage,
        sign_in::SignInPage,
        sign_up::SignUpPage,
        staff::{
            claim::StaffClaimPage, domains::StaffDomainsPage, people::StaffPage, revoke::RevokeDomainPage,
            verified::VerifiedDomainsPage,
        },
        tenant::{
            activity::ActivityPage,
            connect::ConnectPage,
            credentials::CredentialsPage,
            handoff::HandoffPage,
            lifecycle::{
                DangerPage,
                ask::{CancelDeletionPage, DeletePage, ResumePage, SuspendPage},
            },
            overview::OverviewPage,
            plan::{PlanCheckPage, PlanPage},
            reset_passwords::ResetPasswordsPage,
            setup::SetupPage,
        },
        tenants::TenantsPage,
        verify::VerifyPage,
        wizard::{check::ReviewPage, database::DatabasePage},
    },
    web::{Cx, PageEnd},
};
use leptos::prelude::*;
use leptos_router::{
    components::{Route, Router, Routes},
    path,
};

/// The router's table.
#[component]
pub fn Pages() -> impl IntoView {
    view! {
        <Router>
            <Routes fallback=nothing_here>
                <Route path=path!("/") view=LandingPage/>
                <Route path=path!("/help") view=HelpPage/>
                <Route path=path!("/sign-up") view=SignUpPage/>
                <Route path=path!("/sign-in") view=SignInPage/>
                <Route path=path!("/sign-in/passkey") view=PasskeyPage/>
                <Route path=path!("/account") view=AccountPage/>
                <Route path=path!("/account/passkey") view=AddPasskeyPage/>
                <Route path=path!("/signed-out") view=SignedOutPage/>
                <Route path=path!("/verify") view=VerifyPage/>
                <Route path=path!("/sign-up/database") view=DatabasePage/>
                <Route path=path!("/sign-up/review") view=ReviewPage/>
                <Route path=path!("/o") view=OrganisationsPage/>
                <Route path=path!("/o/:slug") view=OrganisationPage/>
                <Route path=path!("/o/:slug/sign-in") view=IdentityPage/>
                <Route path=path!("/t") view=TenantsPage/>
                <Route path=path!("/t/:name") view=OverviewPage/>
                <Route path=path!("/t/:name/setup") view=SetupPage/>
                <Route path=path!("/t/:name/handoff") view=HandoffPage/>
                <Route path=path!("/t/:name/connect") view=ConnectPage/>
                <Route path=path!("/t/:name/credentials") view=CredentialsPage/>
                <Route path=path!("/t/:name/credentials/reset") view=ResetPasswordsPage/>
                <Route path=path!("/t/:name/plan") view=PlanPage/>
                <Route path=path!("/t/:name/plan/:plan") view=PlanCheckPage/>
                <Route path=path!("/t/:name/activity") view=ActivityPage/>
                <Route path=path!("/t/:name/settings/identity") view=FormerSettingsPage/>
                <Route path=path!("/t/:name/danger") view=DangerPage/>
                <Route path=path!("/t/:name/danger/suspend") view=SuspendPage/>
                <Route path=path!("/t/:name/danger/resume") view=ResumePage/>
                <Route path=path!("/t/:name/danger/delete") view=DeletePage/>
                <Route path=path!("/t/:name/danger/cancel-deletion") view=CancelDeletionPage/>
                <Route path=path!("/staff") view=StaffPage/>
                <Route path=path!("/staff/claim") view=StaffClaimPage/>
                <Route path=path!("/staff/domains") view=StaffDomainsPage/>
                <Route path=path!("/staff/domains/verified") view=VerifiedDomainsPage/>
                <Route path=path!("/staff/domains/verified/:organisation/:domain") view=RevokeDomainPage/>
                <Route path=path!("/dev/mailbox") view=MailboxPage/>
                <Route path=path!("/dev/mailbox/:file") view=MailPage/>
            </Routes>
        </Router>
    }
}

/// Ends as not found: the portal answers with its problem page.
fn nothing_here() {
    if let Some(cx) = use_context::<Cx>() {
        cx.end(PageEnd::NotFound);
    }
}
