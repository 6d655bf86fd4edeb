use super::{
    Checked,
    complete::{add, lock},
};
use crate::{
    Error, Result, Service,
    context::{audit::Action, outbox, requester::Requester},
    sign_in::refused::record_refusal_by,
};
use innkeeper_domain::{
    email::EmailAddress,
    identity::{ProviderId, Reason, Refusal},
    ids::{AccountId, IdentityId},
    permission::Permission,
};
use serde_json::json;

/// Makes the mailbox one more way in of who is signed in; once more is success. [`Error::NotVouched`] where it is another
/// account's way in already, which the person has shown to be theirs by then.
pub async fn link(service: &Service, requester: &Requester, checked: Checked) -> Result<()> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::AccountComplete).await?;
    let used = sqlx::query_scalar!(
        "update challenge set used_at = now(), used_from = $2, used_in = $3
         where id = $1 and purpose = 'link' and session_id = $3 and account_id = $4 and used_at is null
           and expires_at > now()
         returning email",
        checked.id.0,
        ipnet::IpNet::from(requester.browser()?.address),
        requester.session()?.0,
        person.id.0,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    let email = EmailAddress::parse(&used).map_err(|_| Error::corrupt("address of", checked.id))?;
    lock(&mut tx, &email).await?;
    let known = sqlx::query_scalar!(
        "select account_id from identity where issuer = 'mail' and subject = $1",
        email.key()
    );
    let known = known.fetch_optional(&mut *tx).await?.map(AccountId);
    let (mail, address) = (ProviderId::MAIL, person.email.to_string());
    let entry = |action, detail| requester.audit(action).subject(&address).detail(detail);
    let mut outcome = Ok(());
    match known {
        // Nothing is added: only the challenge is used up.
        Some(known) if known == person.id => {
            requester.authorize(&mut tx, Permission::SignInAttempt).await?;
        }
        Some(_) => {
            requester.authorize(&mut tx, Permission::SignInAttempt).await?;
            let refusal = Refusal::new(Reason::Taken, "the mailbox is another account's way in");
            outcome = Err(Error::NotVouched(refusal));
        }
        None => {
            let id: IdentityId = service.ids.make();
            add(&mut tx, id, person.id, &email).await?;
            let detail = json!({ "provider": mail, "identity": id });
            entry(Action::SignInMethodAdd, detail).record(&mut tx, &service.ids).await?;
            let what = format!("The e-mail address {email} was added to the sign-in methods.");
            outbox::to_person(service, &mut tx, requester, &address, what).await?;
        }
    }
    tx.commit().await?;
    record_refusal_by(service, requester, mail, outcome).await
}
