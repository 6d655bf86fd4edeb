use super::Purpose;
use crate::{
    Error, Result, Service,
    context::{providers::Provider, rate_limit, requester::Requester},
    organisations::membership_sync,
    people::{lockout::may_change_ways, providers::named, return_to::ReturnTo},
    sign_in::refused::record_refusal,
};
use innkeeper_domain::{
    password::draw_token, permission::Permission, ports::Asked, routes::Page, secret::Secret,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the portal keeps of a question besides its state: sealed, since whoever has both can redeem the answer.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    pub nonce: String,
    pub verifier: String,
}

/// The hash under which a question's state is kept. It has 250 bits: no salt is needed.
pub(super) fn state_hash(state: &str) -> [u8; 32] {
    blake3::derive_key("innkeeper 2026-11-21 authorization request state", state.as_bytes())
}

/// What a kept question is sealed for.
pub(crate) fn context(id: Uuid) -> String {
    format!("innkeeper authorization request {id}")
}

/// Where a provider sends browsers back to.
pub(super) fn callback(service: &Service, provider: &Provider) -> String {
    Page::Callback((&provider.id).into()).absolute(&service.settings.public_url)
}

/// What a link to a provider has to hold that does more than sign somebody in by one of the operator's: only pages of this
/// very session know it, so that nobody can lead a browser there.
pub fn ticket(csrf: &str, provider: &str) -> String {
    let key = blake3::derive_key("innkeeper 2026-11-21 one more way in", csrf.as_bytes());
    blake3::keyed_hash(&key, provider.as_bytes()).to_hex().to_string()
}

/// Asks a provider who this browser's person is: answers the address to send the browser to.
///
/// [`Error::NotFound`] where there is no such provider, or where nobody is signed in who could show that it is still
/// them; [`Error::NotVouched`] where the provider cannot be asked. The requester has a session already: the question is
/// bound to it.
pub async fn leave(
    service: &Service,
    requester: &Requester,
    provider: &str,
    purpose: Purpose,
    return_to: &str,
) -> Result<String> {
    let provider = &*named(service, provider).await?;
    let session = requester.session()?;
    let account = match purpose {
        Purpose::SignIn => None,
        Purpose::Link => {
            if provider.organisation.is_none() {
                Some(may_change_ways(service, requester).await?.id)
            } else {
                // Its issuer says whom it means.
                let person = requester.themselves()?;
                membership_sync::authorize(service, requester, Permission::OrganisationView, provider)
                    .await?;
                Some(person.id)
            }
        }
        Purpose::Fresh => Some(requester.signed_in()?.id),
        Purpose::Trial => {
            let person = requester.fresh()?;
            membership_sync::authorize(service, requester, Permission::SsoTest, provider).await?;
            Some(person.id)
        }
        Purpose::Own if provider.port.has_organisations() => Some(requester.themselves()?.id),
        Purpose::Own => return Err(Error::NotFound),
    };
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await?;

    let draw = || draw_token(&*service.random);
    let asked = Asked {
        callback: callback(service, provider),
        state: draw(),
        nonce: draw(),
        verifier: draw(),
        fresh: purpose == Purpose::Fresh,
    };
    let started = provider.port.start(&asked).await.map_err(Error::from);
    let to = record_refusal(service, requester, provider, started).await?;
    let (id, return_to): (Uuid, _) = (service.ids.make(), ReturnTo::parse(return_to));
    let expose = |secret: &Secret| secret.expose().to_owned();
    let kept = Kept { nonce: expose(&asked.nonce), verifier: expose(&asked.verifier) };
    let plain = serde_json::to_vec(&kept).map_err(|error| Error::corrupt("question", error))?;
    let sealed = service.sealer.seal(&plain, &context(id));
    sqlx::query!(
        "insert into authorization_request
           (id, state_hash, session_id, provider, key_id, sealed, purpose, account_id, return_to, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, now() + interval '10 minutes')",
        id,
        &state_hash(asked.state.expose())[..],
        session.0,
        provider.id.as_str(),
        sealed.key_id,
        sealed.bytes,
        purpose.as_str(),
        account.map(|account| account.0),
        return_to.as_str(),
    )
    .execute(&service.pool)
    .await?;
    Ok(to)
}
