use super::{count, port, purpose, question::consume};
use crate::{
    Result, Service,
    context::requester::Requester,
    sign_in::{oidc::Purpose, refused::record_refusal_by},
};
use innkeeper_domain::{
    identity::{ProviderId, Reason, Refusal},
    ids::{AccountId, IdentityId},
    ports::PasskeyClaim,
};
use sqlx::PgPool;

/// A passkey that has answered, in the browser that was asked. Only [`answer`] makes one.
#[derive(Debug)]
pub struct Proven {
    pub(super) passkey: Known,
    /// What is kept of it from now on.
    pub(super) credential: String,
    pub(super) return_to: String,
}

/// A passkey with its account.
#[derive(Debug)]
pub(super) struct Known {
    pub identity: IdentityId,
    pub account: AccountId,
    pub email: String,
    /// What is kept of it.
    pub credential: String,
}

/// Takes what a browser answers: consumes the question, and checks the passkey.
///
/// [`crate::Error::NotVouched`] says why nobody gets in; it is in the audit log by then.
pub async fn answer(service: &Service, requester: &Requester, answer: &str) -> Result<Proven> {
    count(service, requester).await?;
    let checked = check(service, requester, answer).await;
    record_refusal_by(service, requester, ProviderId::PASSKEY, checked).await
}

async fn check(service: &Service, requester: &Requester, answer: &str) -> Result<Proven> {
    let port = port(service)?;
    let purpose = purpose(requester);
    let asked = consume(service, requester, purpose).await?;
    let claim = port.claim(answer)?;
    let passkey = find(&service.pool, &claim).await?;
    let credential = port.prove(&asked.state, answer, &passkey.credential)?;
    match (purpose, claim.account) {
        // Who signs in is named by the passkey alone (Web Authentication Level 3, section 7.2, step 6).
        (Purpose::SignIn, None) => {
            return Err(Refusal::new(Reason::Subject, "the passkey does not say whose it is").into());
        }
        (_, Some(claimed)) if claimed != passkey.account => {
            let found = format!("the passkey of {} says to be {claimed}'s", passkey.account);
            return Err(Refusal::new(Reason::Subject, found).into());
        }
        (Purpose::Fresh, _) if requester.signed_in()?.id != passkey.account => {
            return Err(Refusal::new(Reason::Another, format!("it is {}'s", passkey.account)).into());
        }
        _ => {}
    }
    Ok(Proven { passkey, credential, return_to: asked.return_to })
}

async fn find(pool: &PgPool, claim: &PasskeyClaim) -> Result<Known> {
    let found = sqlx::query_as!(
        Known,
        r#"select i.id as identity, a.id as account, a.email, p.credential::text as "credential!"
           from identity i join passkey p on p.identity_id = i.id join account a on a.id = i.account_id
           where i.issuer = 'passkey' and i.subject = $1"#,
        claim.id,
    );
    let unknown = || Refusal::new(Reason::Unknown, format!("no account has {}", claim.id));
    Ok(found.fetch_optional(pool).await?.ok_or_else(unknown)?)
}
