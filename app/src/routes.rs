//! Which page stands behind which path.

use crate::{
    pages::{
        help::HelpPage,
        landing::LandingPage,
        mailbox::{MailPage, MailboxPage},
        sign_in::SignInPage,
        sign_up::SignUpPage,
        tenant::{
            connect::ConnectPage, handoff::HandoffPage, overview::OverviewPage, runs::RunsPage,
            setup::SetupPage,
        },
        tenants::TenantsPage,
        verify::VerifyPage,
        wizard::{check::CheckPage, database::DatabasePage},
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
                <Route path=path!("/verify") view=VerifyPage/>
                <Route path=path!("/sign-up/database") view=DatabasePage/>
                <Route path=path!("/sign-up/check") view=CheckPage/>
                <Route path=path!("/t") view=TenantsPage/>
                <Route path=path!("/t/:name") view=OverviewPage/>
                <Route path=path!("/t/:name/setup") view=SetupPage/>
                <Route path=path!("/t/:name/handoff") view=HandoffPage/>
                <Route path=path!("/t/:name/connect") view=ConnectPage/>
                <Route path=path!("/t/:name/runs") view=RunsPage/>
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
