use super::Purpose;
use crate::{Result, context::providers::Provider};
use innkeeper_domain::{
    email::EmailAddress,
    identity::{Facts, Reason, Refusal},
    ids::AccountId,
};

/// Somebody a provider vouches for, in the browser that asked. Only [`super::answer`] makes one.
#[derive(Debug)]
pub struct Vouched {
    pub(super) provider: String,
    pub(super) purpose: Purpose,
    /// Whose way in it is, or is to be.
    pub(super) account: Option<AccountId>,
    pub(super) return_to: String,
    pub(super) facts: Facts,
}

impl Vouched {
    /// Whether it is to be one more way in of who is signed in already.
    pub fn is_link(&self) -> bool {
        self.purpose == Purpose::Link
    }
}

/// Where to write to, if the provider names an address that counts.
pub(super) fn address<'a>(provider: &Provider, facts: &'a Facts) -> Result<&'a EmailAddress> {
    let contact = facts.contact.as_ref().filter(|contact| contact.proven || provider.unverified);
    let none = || Refusal::new(Reason::Address, "no address, or none that the provider has verified");
    Ok(contact.map(|contact| &contact.address).ok_or_else(none)?)
}
