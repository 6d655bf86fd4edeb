//! What holds for a page besides its path.

use super::Page;

impl Page {
    /// Whether a secret is shown on this page or stands in its URL: no other site is told the URL, and the answer is not
    /// compressed, since its length must not depend on what somebody else puts beside the secret (the BREACH attack).
    pub fn is_secret(&self) -> bool {
        matches!(
            self,
            Self::Verify
                | Self::StaffClaim
                | Self::Handoff(_)
                | Self::Bundle(_)
                | Self::Mailbox
                | Self::Mail(_)
        )
    }

    /// Whether this is a stream of server-sent events, which has no deadline and is not compressed.
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Events(_))
    }

    /// Whether the browser is sent on to another site.
    pub fn leaves_the_site(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::ProviderSignOut(_))
    }

    /// Whether only staff is told that this page is there.
    pub fn needs_staff(&self) -> bool {
        self.permission().is_of_staff_only()
    }

    /// Whether somebody who is not signed in is led to the sign-in from here.
    pub fn needs_sign_in(&self) -> bool {
        !self.permission().grant().anyone && !self.needs_staff() && !self.is_stream()
    }

    /// Whether a sign-in may lead back to this page: not to one that leads to the sign-in again, nor to what is no page.
    pub fn is_return_target(&self) -> bool {
        let no_page = matches!(
            self,
            Self::Bundle(_)
                | Self::Events(_)
                | Self::Mailbox
                | Self::Mail(_)
                | Self::ServerFunction(_)
                | Self::Health
                | Self::Asset(_)
                | Self::Favicon
                | Self::CaCertificate
        );
        let signs_in = matches!(
            self,
            Self::SignIn | Self::Passkey | Self::Verify | Self::Callback(_) | Self::BackChannelLogout(_)
        );
        !no_page && !signs_in && !self.leaves_the_site()
    }
}
