use super::{
    BLIND_TRIES_A_DAY, TRIES,
    challenge::{Challenge, Stands},
};
use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        field_error::{Field, SignInCode},
        rate_limit,
        requester::Requester,
    },
    sign_in::email::challenge,
};
use innkeeper_domain::{ids::ChallengeId, permission::Permission};
use serde_json::json;

/// A challenge that was met and can be completed once. Only [`check`] makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    pub(super) id: ChallengeId,
    link: bool,
}

impl Checked {
    /// Whether the mailbox is to be one more way in of who is signed in already.
    pub fn is_link(self) -> bool {
        self.link
    }

    fn of(challenge: &Challenge) -> Self {
        Self { id: challenge.id, link: challenge.links_to.is_some() }
    }
}

/// Checks what was sent back: the link in the browser that asked, or the code. Consumes nothing yet.
///
/// [`Error::Conflict`] when there is nothing (any more) to check: the page shows how it stands.
pub async fn check(service: &Service, requester: &Requester, token: &str, code: &str) -> Result<Checked> {
    let session = requester.session()?;
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await?;
    let challenge = challenge::find(&service.pool, Some(session), token).await?.ok_or(Error::Conflict)?;
    if !matches!(challenge.stands, Stands::Open) || !challenge.is_for(requester) {
        return Err(Error::Conflict);
    }
    if !token.is_empty() && challenge.asked_in == session {
        return Ok(Checked::of(&challenge));
    }
    let code = parse_code(code)?;
    if token.is_empty() {
        refuse_blind_guessing(service, &challenge).await?;
    }
    guess(service, requester, &challenge, &code).await
}

/// Six digits; blanks and dashes between them do not matter.
fn parse_code(typed: &str) -> Result<String> {
    let refused = |code| Err(Error::rejected(Field::Code, code));
    if typed.len() > 64 {
        return refused(SignInCode::CodeTooLong);
    }
    let digits: String = typed.chars().filter(|c| !matches!(c, ' ' | '\t' | '-')).collect();
    match digits.len() {
        0 => refused(SignInCode::CodeMissing),
        6 if digits.bytes().all(|b| b.is_ascii_digit()) => Ok(digits),
        _ => refused(SignInCode::CodeMalformed),
    }
}

/// Who has no link can only guess the code. The link stays a way in for the mailbox's owner.
async fn refuse_blind_guessing(service: &Service, challenge: &Challenge) -> Result<()> {
    let wrong = sqlx::query_scalar!(
        r#"select coalesce(sum(greatest(c.tries - case when c.used_at is null then 0 else 1 end, 0)), 0)::bigint as "wrong!"
           from challenge c where c.created_at > now() - interval '1 day'
             and c.email_key = (select email_key from challenge where id = $1)"#,
        challenge.id.0
    )
    .fetch_one(&service.pool)
    .await?;
    if wrong >= BLIND_TRIES_A_DAY {
        return Err(Error::rejected(Field::Code, SignInCode::CodesLocked));
    }
    Ok(())
}

/// Counts a try, then compares: parallel guesses are counted one by one.
async fn guess(
    service: &Service,
    requester: &Requester,
    challenge: &Challenge,
    code: &str,
) -> Result<Checked> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SignInAttempt).await?;
    let counted = sqlx::query!(
        "update challenge set tries = tries + 1
         where id = $1 and tries < $2 and used_at is null and expires_at > now()
         returning code_hash, tries",
        challenge.id.0,
        TRIES
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    if challenge::is_code(challenge.id, code, &counted.code_hash) {
        tx.commit().await?;
        return Ok(Checked::of(challenge));
    }
    let left = TRIES - counted.tries;
    requester
        .audit(Action::SignInWrongCode)
        .subject(&challenge.email)
        .detail(json!({ "challenge": challenge.id, "tries_left": left }))
        .record(&mut tx, &service.ids)
        .await?;
    tx.commit().await?;
    Err(Error::rejected(Field::Code, SignInCode::WrongCode { tries_left: left }))
}
