//! The end of sessions: the one place that takes them away.

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
    let ids = find(conn, which).await?;
    sqlx::query!("delete from form_state where session_id = any ($1)", &ids).execute(&mut *conn).await?;
    sqlx::query!("delete from flash where session_id = any ($1)", &ids).execute(&mut *conn).await?;
    // A browser may have more than one cookie for its session.
    let rows = sqlx::query!(
        r#"with gone as (delete from session where id = any ($1) returning id, provider)
           select id as "id!", max(provider) as provider from gone group by id order by id"#,
        &ids
    );
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| Ended { provider: row.provider }).collect())
}

/// A session that was ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The short name of the provider that it came by; none where nobody was signed in.
    pub(crate) provider: Option<String>,
}

async fn find(conn: &mut PgConnection, which: Ending<'_>) -> Result<Vec<Uuid>> {
    Ok(match which {
        Ending::One(id) => vec![id.0],
        Ending::Others { person, than, one } => {
            sqlx::query_scalar!(
                "select id from session where account_id = $1 and id <> $2 and ($3::uuid is null or id = $3)
                   and ($4::text is null or provider = $4)",
                person.id.0,
                than.0,
                one.map(|one| one.0),
                person.only_way(),
            )
            .fetch_all(conn)
            .await?
        }
        Ending::Account(account) => {
            sqlx::query_scalar!("select id from session where account_id = $1", account.0)
                .fetch_all(conn)
                .await?
        }
        Ending::Organisation(organisation) => {
            sqlx::query_scalar!(
                "select s.id from session s join organisation_identity i on s.provider = i.provider
                 where i.organisation_id = $1",
                organisation.0
            )
            .fetch_all(conn)
            .await?
        }
        Ending::NotOffered(offered) => {
            sqlx::query_scalar!(
                "select id from session where provider <> all ($1) and not starts_with(provider, $2)",
                offered,
                ProviderId::OWN,
            )
            .fetch_all(conn)
            .await?
        }
        Ending::SignedOut { provider, at, session, subject } => {
            let (issuer, subject) = subject.unzip();
            sqlx::query_scalar!(
                "select s.id from session s join identity i on i.id = s.identity_id
                 where s.provider = $1 and s.authenticated_at <= $2
                   and ($3::text is null or s.provider_session = $3)
                   and ($4::text is null or (i.issuer = $4 and i.subject = $5))",
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
