//! The end of sessions, other than by their time.

use crate::{Result, context::requester::SignedIn};
use innkeeper_domain::{
    identity::ProviderId,
    ids::{AccountId, OrganisationId, SessionId},
};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Which sessions end.
pub(crate) enum Ending<'a> {
    /// This one.
    One(SessionId),
    /// The person's others than the one they ask in, or one of these; only those that this session sees.
    Others { person: &'a SignedIn, than: SessionId, one: Option<SessionId> },
    /// All of an account.
    Account(AccountId),
    /// Those that came by the organisation's own provider.
    Organisation(OrganisationId),
    /// Those that came by none of these providers, nor by an organisation's own.
    NotOffered(&'a [String]),
    /// Those that a provider says are over (OpenID Connect Back-Channel Logout 1.0).
    SignedOut {
        provider: &'a str,
        at: OffsetDateTime,
        session: Option<&'a str>,
        subject: Option<(&'a str, &'a str)>,
    },
}

/// Ends sessions with all that they carry; each with the provider that it came by. One that is over already is none.
pub(crate) async fn end(conn: &mut PgConnection, which: Ending<'_>) -> Result<Vec<Ended>> {
    let mut ended = take_away(conn, which).await?;
    // A browser may have more than one cookie for its session.
    ended.sort_unstable_by(|one, other| (one.id, &other.provider).cmp(&(other.id, &one.provider)));
    ended.dedup_by_key(|one| one.id);
    let ids: Vec<_> = ended.iter().map(|one| one.id).collect();
    // Not where somebody has come in by the same browser meanwhile: what it carries is theirs.
    sqlx::query!(
        "delete from form_state f where session_id = any ($1) and not exists (select from session s where s.id = f.session_id)",
        &ids
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "delete from flash f where session_id = any ($1) and not exists (select from session s where s.id = f.session_id)",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(ended)
}

/// A session that was ended.
#[derive(Debug)]
pub(crate) struct Ended {
    id: Uuid,
    /// The short name of the provider that it came by; none where nobody was signed in.
    pub(crate) provider: Option<String>,
}

/// One statement each, so that a row which became somebody else's meanwhile stays.
async fn take_away(conn: &mut PgConnection, which: Ending<'_>) -> Result<Vec<Ended>> {
    Ok(match which {
        Ending::One(id) => {
            sqlx::query_as!(Ended, "delete from session where id = $1 returning id, provider", id.0)
                .fetch_all(conn)
                .await?
        }
        Ending::Others { person, than, one } => {
            sqlx::query_as!(
                Ended,
                "delete from session where account_id = $1 and id <> $2 and ($3::uuid is null or id = $3)
                   and ($4::text is null or provider = $4) returning id, provider",
                person.id.0,
                than.0,
                one.map(|one| one.0),
                person.only_way(),
            )
            .fetch_all(conn)
            .await?
        }
        Ending::Account(account) => {
            sqlx::query_as!(
                Ended,
                "delete from session where account_id = $1 returning id, provider",
                account.0
            )
            .fetch_all(conn)
            .await?
        }
        Ending::Organisation(organisation) => {
            sqlx::query_as!(
                Ended,
                "delete from session s using organisation_identity i
                 where i.organisation_id = $1 and s.provider = i.provider returning s.id, s.provider",
                organisation.0
            )
            .fetch_all(conn)
            .await?
        }
        Ending::NotOffered(offered) => {
            sqlx::query_as!(
                Ended,
                "delete from session where provider <> all ($1) and not starts_with(provider, $2)
                 returning id, provider",
                offered,
                ProviderId::OWN,
            )
            .fetch_all(conn)
            .await?
        }
        Ending::SignedOut { provider, at, session, subject } => {
            let (issuer, subject) = subject.unzip();
            sqlx::query_as!(
                Ended,
                "delete from session s using identity i
                 where i.id = s.identity_id and s.provider = $1 and s.authenticated_at <= $2
                   and ($3::text is null or s.provider_session = $3)
                   and ($4::text is null or (i.issuer = $4 and i.subject = $5))
                 returning s.id, s.provider",
                provider,
                at,
                session,
                issuer,
                subject,
            )
            .fetch_all(conn)
            .await?
        }
    })
}
