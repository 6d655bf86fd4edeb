use super::Proven;
use crate::{
    Error, Result, Service,
    context::{
        audit::{Action, Actor},
        requester::Requester,
    },
    people::session::{self, Begin},
};
use innkeeper_domain::{identity::ProviderId, permission::Permission};
use serde_json::json;

/// Lets the person in whose passkey has answered, or notes that it is still them; says to which path to go.
///
/// `new_id_hash` is the row of the cookie that was just given in place of the old one. [`Error::Conflict`] where the
/// passkey was removed or used elsewhere in between.
pub async fn enter(
    service: &Service,
    requester: &Requester,
    proven: Proven,
    new_id_hash: &[u8],
) -> Result<String> {
    let Proven { passkey, credential, return_to } = proven;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignIn).await?;
    // Of two answers with the same count only one finds what it was checked against.
    let kept = sqlx::query!(
        "update passkey set credential = ($2::text)::jsonb where identity_id = $1 and credential = ($3::text)::jsonb",
        passkey.identity.0,
        credential,
        passkey.credential,
    )
    .execute(&mut *tx)
    .await?;
    if kept.rows_affected() != 1 {
        return Err(Error::Conflict);
    }
    sqlx::query!("update identity set used_at = now() where id = $1", passkey.identity.0)
        .execute(&mut *tx)
        .await?;
    let begin = Begin { account: passkey.account, provider: ProviderId::PASSKEY, identity: passkey.identity };
    session::begin(&mut tx, requester, &begin, new_id_hash).await?;
    Actor::Account(passkey.account, passkey.email.clone())
        .audit(Action::SessionSignIn)
        .from(requester.address())
        .subject(&passkey.email)
        .detail(json!({ "provider": ProviderId::PASSKEY, "identity": passkey.identity }))
        .record(&mut tx, &service.ids)
        .await?;
    let to = session::landing(&mut tx, &begin, &return_to).await?;
    tx.commit().await?;
    Ok(to)
}
