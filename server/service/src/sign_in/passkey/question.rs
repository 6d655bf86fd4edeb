use super::{count, ids_of, port, purpose};
use crate::{
    Result, Service,
    context::requester::Requester,
    people::return_to::ReturnTo,
    sign_in::{oidc::Purpose, refused::record_refusal_by},
};
use innkeeper_domain::{
    identity::{ProviderId, Reason, Refusal},
    ports::PasskeyQuestion,
};

/// Asks this browser for a passkey: any of this portal from a stranger, one of their own from who is signed in.
pub async fn begin(service: &Service, requester: &Requester, return_to: &str) -> Result<()> {
    let port = port(service)?;
    count(service, requester).await?;
    let known = match &requester.account {
        Some(person) => ids_of(&service.pool, person.id).await?,
        None => Vec::new(),
    };
    let asked = port.ask(&known).map_err(Into::into);
    let asked = record_refusal_by(service, requester, ProviderId::PASSKEY, asked).await?;
    keep(service, requester, purpose(requester), &asked, return_to).await
}

/// A question as its page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// For the browser's script, as JSON.
    pub options: String,
    /// A path of this portal.
    pub return_to: String,
}

/// What this browser's page has to ask now; none where nothing was begun, or not in time. `add`: for one
/// that is to be made.
pub async fn pending(service: &Service, requester: &Requester, add: bool) -> Result<Option<Question>> {
    let Some(session) = requester.known_session() else { return Ok(None) };
    let purpose = if add { Purpose::Link } else { purpose(requester) };
    let question = sqlx::query_as!(
        Question,
        r#"select options::text as "options!", return_to from passkey_question
           where session_id = $1 and purpose = $2 and account_id is not distinct from $3
             and used_at is null and expires_at > now()"#,
        session.0,
        purpose.as_str(),
        requester.account.as_ref().map(|person| person.id.0),
    );
    Ok(question.fetch_optional(&service.pool).await?)
}

/// Keeps a question for five minutes, in place of an earlier one of this session and purpose.
pub(super) async fn keep(
    service: &Service,
    requester: &Requester,
    purpose: Purpose,
    asked: &PasskeyQuestion,
    return_to: &str,
) -> Result<()> {
    let return_to = ReturnTo::parse(return_to);
    sqlx::query!(
        "insert into passkey_question (session_id, purpose, account_id, options, state, return_to, expires_at)
         values ($1, $2, $3, ($4::text)::jsonb, ($5::text)::jsonb, $6, now() + interval '5 minutes')
         on conflict (session_id, purpose) do update set account_id = excluded.account_id, options = excluded.options,
           state = excluded.state, return_to = excluded.return_to, expires_at = excluded.expires_at, used_at = null",
        requester.session()?.0,
        purpose.as_str(),
        requester.account.as_ref().map(|person| person.id.0),
        asked.options,
        asked.state,
        return_to.as_str(),
    )
    .execute(&service.pool)
    .await?;
    Ok(())
}

/// A question that was answered.
pub(super) struct Asked {
    pub state: String,
    pub return_to: String,
}

/// Consumes the question: the first answer does, whatever it is.
pub(super) async fn consume(service: &Service, requester: &Requester, purpose: Purpose) -> Result<Asked> {
    let unknown = || Refusal::new(Reason::State, "no question of this browser about passkeys waits for it");
    let session = requester.known_session().ok_or_else(unknown)?;
    let asked = sqlx::query_as!(
        Asked,
        r#"update passkey_question set used_at = now()
           where session_id = $1 and purpose = $2 and account_id is not distinct from $3
             and used_at is null and expires_at > now()
           returning state::text as "state!", return_to"#,
        session.0,
        purpose.as_str(),
        requester.account.as_ref().map(|person| person.id.0),
    );
    Ok(asked.fetch_optional(&service.pool).await?.ok_or_else(unknown)?)
}
