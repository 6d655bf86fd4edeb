//! A challenge as its pages see it, and how its secrets are kept.

use super::TRIES;
use crate::{Result, context::requester::Requester};
use innkeeper_domain::ids::{AccountId, ChallengeId, SessionId};
use sqlx::PgPool;
use std::net::IpAddr;
use time::OffsetDateTime;
use uuid::Uuid;

/// A challenge read back.
pub struct Challenge {
    pub id: ChallengeId,
    /// The mailbox.
    pub email: String,
    /// The browser that asked.
    pub asked_in: SessionId,
    /// Whose way in the mailbox is to be, where it is to be one more.
    pub links_to: Option<AccountId>,
    pub stands: Stands,
}

impl Challenge {
    /// Whether this requester can meet it at all. One more way in is added where it was asked for, by who asked for it:
    /// nobody can be made to add theirs to another's account.
    pub fn is_for(&self, requester: &Requester) -> bool {
        let account = requester.account.as_ref().map(|person| person.id);
        self.links_to.is_none_or(|to| account == Some(to) && requester.known_session() == Some(self.asked_in))
    }
}

/// Where a challenge stands.
pub enum Stands {
    /// It can be met.
    Open,
    /// Too late, or too many wrong codes.
    Over,
    /// It was met.
    Used { at: OffsetDateTime, from: Option<IpAddr>, within: Option<SessionId> },
}

/// The hash under which a link's token is kept. It has 250 bits: no salt is needed.
pub fn token_hash(token: &str) -> [u8; 32] {
    blake3::derive_key("innkeeper 2026-11-21 sign-in token", token.as_bytes())
}

/// The hash under which a code is kept. The challenge is in it, so that equal codes of two challenges differ.
pub fn code_hash(challenge: ChallengeId, code: &str) -> [u8; 32] {
    let material = [challenge.0.as_bytes().as_slice(), code.as_bytes()].concat();
    blake3::derive_key("innkeeper 2026-11-21 sign-in code", &material)
}

/// Whether this is the code, in constant time.
pub fn is_code(challenge: ChallengeId, code: &str, kept: &[u8]) -> bool {
    blake3::Hash::from_slice(kept)
        .is_ok_and(|kept| kept == blake3::Hash::from_bytes(code_hash(challenge, code)))
}

/// Whether a text can be a token: nothing else is looked up.
fn is_token(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

struct Row {
    id: Uuid,
    email: String,
    session_id: Uuid,
    account_id: Option<Uuid>,
    over: bool,
    used_at: Option<OffsetDateTime>,
    used_from: Option<ipnet::IpNet>,
    used_in: Option<Uuid>,
}

/// The challenge of a link; without one (`""`) the newest that this browser asked for.
pub async fn find(pool: &PgPool, session: Option<SessionId>, token: &str) -> Result<Option<Challenge>> {
    let row = match (token, session) {
        ("", Some(session)) => {
            sqlx::query_as!(
                Row,
                r#"select id, email, session_id, account_id, expires_at <= now() or tries >= $2 as "over!", used_at, used_from, used_in
                   from challenge where session_id = $1 order by created_at desc, id desc limit 1"#,
                session.0,
                TRIES
            )
            .fetch_optional(pool)
            .await?
        }
        (token, _) if is_token(token) => {
            let hash = token_hash(token);
            sqlx::query_as!(
                Row,
                r#"select id, email, session_id, account_id, expires_at <= now() or tries >= $2 as "over!", used_at, used_from, used_in
                   from challenge where token_hash = $1"#,
                hash.as_slice(),
                TRIES
            )
            .fetch_optional(pool)
            .await?
        }
        _ => None,
    };
    Ok(row.map(|row| Challenge {
        id: ChallengeId(row.id),
        email: row.email,
        asked_in: SessionId(row.session_id),
        links_to: row.account_id.map(AccountId),
        stands: match row.used_at {
            Some(at) => Stands::Used {
                at,
                from: row.used_from.map(|net| net.addr()),
                within: row.used_in.map(SessionId),
            },
            None if row.over => Stands::Over,
            None => Stands::Open,
        },
    }))
}
