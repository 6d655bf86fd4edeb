use super::{
    Purpose,
    begin_authorization::{Kept, callback, context, state_hash},
    vouched::{Vouched, address},
};
use crate::{
    Error, Result, Service,
    context::{providers::Provider, rate_limit, requester::Requester},
    organisations::{github, membership_sync, sso::test_sign_in},
    people::{lockout::shut, providers::named},
    sign_in::refused::record_refusal,
};
use innkeeper_domain::{
    identity::{Facts, Reason, Refusal},
    ids::{AccountId, IdentityId},
    ports::{Answer, Asked, Sealed},
    secret::Secret,
};

/// What came back in the query, each part once (RFC 6749, section 3.1).
struct Parts<'a> {
    state: &'a str,
    code: Option<&'a str>,
    issuer: Option<&'a str>,
    error: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(query: &'a [(String, String)]) -> std::result::Result<Self, Refusal> {
        let part = |name: &str| {
            let mut found = query.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str());
            match (found.next(), found.next()) {
                (_, Some(_)) => Err(Refusal::new(Reason::Answer, format!("{name} stands in it twice"))),
                (part, None) => Ok(part),
            }
        };
        Ok(Self {
            state: part("state")?.unwrap_or_default(),
            code: part("code")?,
            issuer: part("iss")?,
            error: part("error")?,
        })
    }
}

/// What came of an answer.
#[derive(Debug)]
pub enum Answered {
    /// A provider vouches for somebody.
    Vouched(Box<Vouched>),
    /// An organisation's way in was tried; the path where what was said stands.
    Tried(String),
    /// Somebody showed which organisations there are theirs, or why not; the path where these stand.
    Owned(String, Option<Reason>),
}

/// Takes what a browser brought back from a provider: consumes the question, and asks the provider who it is.
///
/// [`Error::NotVouched`] says why nobody gets in; it is in the audit log by then.
pub async fn answer(
    service: &Service,
    requester: &Requester,
    provider: &str,
    query: &[(String, String)],
) -> Result<Answered> {
    let provider = &*named(service, provider).await?;
    let limit = service.settings.limits.verify_per_address;
    rate_limit::take(
        &service.pool,
        &rate_limit::address_key("sign in by", requester.browser()?.address),
        limit,
    )
    .await?;
    let checked = async {
        let parts = Parts::of(query)?;
        let question = take(service, requester, provider, &parts).await?;
        if question.purpose == Purpose::Own {
            let owned = async {
                let (asked, answer) = exchange(service, provider, &question, &parts)?;
                github::show(service, requester, provider, question.account, &asked, &answer).await
            };
            return match record_refusal(service, requester, provider, owned.await).await {
                Ok(()) => Ok(Answered::Owned(question.return_to, None)),
                Err(Error::NotVouched(refusal)) => {
                    Ok(Answered::Owned(question.return_to, Some(refusal.reason)))
                }
                Err(error) => Err(error),
            };
        }
        let facts = ask(service, provider, &question, &parts).await;
        if question.purpose == Purpose::Trial {
            let person = requester.signed_in()?;
            test_sign_in::record(service, requester, provider, person, facts).await?;
            return Ok(Answered::Tried(question.return_to));
        }
        let vouched = check(service, requester, provider, question, facts?).await?;
        Ok(Answered::Vouched(Box::new(vouched)))
    };
    record_refusal(service, requester, provider, checked.await).await
}

/// A question that was waited for.
struct Question {
    kept: Kept,
    purpose: Purpose,
    account: Option<AccountId>,
    return_to: String,
}

/// The question to which this is the answer. Consumed by the first answer, whatever that is.
async fn take(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    parts: &Parts<'_>,
) -> Result<Question> {
    let unknown = || Refusal::new(Reason::State, "no question of this browser to this provider waits for it");
    let session = requester.known_session().ok_or_else(unknown)?;
    let row = sqlx::query!(
        "update authorization_request set used_at = now()
         where state_hash = $1 and session_id = $2 and provider = $3 and used_at is null and expires_at > now()
         returning id, key_id, sealed, purpose, account_id, return_to",
        &state_hash(parts.state)[..],
        session.0,
        provider.id.as_str(),
    )
    .fetch_optional(&service.pool)
    .await?
    .ok_or_else(unknown)?;
    let sealed = Sealed { key_id: row.key_id, bytes: row.sealed };
    let plain = service.sealer.open(&sealed, &context(row.id))?;
    Ok(Question {
        kept: serde_json::from_slice(&plain)
            .map_err(|error| Error::corrupt("authorization request", error))?,
        purpose: Purpose::parse(&row.purpose).ok_or_else(|| Error::corrupt("purpose", &row.purpose))?,
        account: row.account_id.map(AccountId),
        return_to: row.return_to,
    })
}

/// What the provider was asked, and what the browser brought back for it to redeem.
fn exchange(
    service: &Service,
    provider: &Provider,
    question: &Question,
    parts: &Parts<'_>,
) -> Result<(Asked, Answer)> {
    if let Some(error) = parts.error {
        return Err(Refusal::new(Reason::Declined, format!("error is {error}")).into());
    }
    let code = parts.code.filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| Refusal::new(Reason::Answer, "it holds neither code nor error"))?;
    let asked = Asked {
        callback: callback(service, provider),
        state: Secret::new(parts.state),
        nonce: Secret::new(question.kept.nonce.clone()),
        verifier: Secret::new(question.kept.verifier.clone()),
        fresh: question.purpose == Purpose::Fresh,
    };
    let answer = Answer { code: Secret::new(code), issuer: parts.issuer.map(str::to_owned) };
    Ok((asked, answer))
}

/// Who it is, by the provider's word.
async fn ask(
    service: &Service,
    provider: &Provider,
    question: &Question,
    parts: &Parts<'_>,
) -> Result<Facts> {
    let (asked, answer) = exchange(service, provider, question, parts)?;
    provider.facts(provider.port.finish(&asked, &answer).await?)
}

/// Whether that is the person it has to be.
async fn check(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    question: Question,
    facts: Facts,
) -> Result<Vouched> {
    let known = known(service, &facts).await?;
    let Question { purpose, account, return_to, .. } = question;
    match (purpose, known.map(|(account, _)| account)) {
        (Purpose::Fresh, known) if known != account => {
            return Err(Refusal::new(Reason::Subject, "another person than who is signed in here").into());
        }
        (Purpose::Link, Some(other)) if Some(other) != account => {
            return Err(Refusal::new(Reason::Taken, format!("it is {other}'s way in")).into());
        }
        (Purpose::SignIn, None) => drop(address(provider, &facts)?),
        (Purpose::Link, None) if provider.organisation.is_some() => {
            themselves(service, requester, &facts).await?;
        }
        _ => {}
    }
    if purpose != Purpose::Link {
        membership_sync::check(service, requester, provider, known, &facts).await?;
    }
    Ok(Vouched { provider: provider.id.to_string(), purpose, account, return_to, facts })
}

/// Whether an organisation's issuer means the very person who wants its way in to be theirs, where they came by a way that
/// one of their organisations has closed: whoever reads a closed mailbox may be somebody else whom the issuer knows.
async fn themselves(service: &Service, requester: &Requester, facts: &Facts) -> Result<()> {
    let person = requester.signed_in()?;
    let same = facts.contact.as_ref().is_some_and(|there| there.address.key() == person.email.key());
    if same || shut(service, person).await?.is_none() {
        return Ok(());
    }
    let what = "the issuer knows them by another address than their account here, which came by a closed way";
    Err(Refusal::new(Reason::Address, what).into())
}

/// Whose way in it is, if they were here before.
async fn known(service: &Service, facts: &Facts) -> Result<Option<(AccountId, IdentityId)>> {
    let row = sqlx::query!(
        "select account_id, id from identity where issuer = $1 and subject = $2",
        facts.subject.issuer(),
        facts.subject.subject()
    );
    Ok(row.fetch_optional(&service.pool).await?.map(|row| (AccountId(row.account_id), IdentityId(row.id))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &[(&str, &str)]) -> std::result::Result<(), Reason> {
        let query: Vec<_> = query.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Parts::of(&query).map(drop).map_err(|refusal| refusal.reason)
    }

    #[test]
    fn no_part_of_an_answer_stands_twice() {
        assert_eq!(of(&[("state", "a"), ("code", "b"), ("iss", "c"), ("more", "d"), ("more", "e")]), Ok(()));
        for part in ["state", "code", "iss", "error"] {
            assert_eq!(of(&[("state", "a"), (part, "b"), (part, "b")]), Err(Reason::Answer), "{part}");
        }
    }
}
