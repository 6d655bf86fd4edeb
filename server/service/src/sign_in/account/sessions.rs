use crate::{
    Error, Result, Service,
    context::{audit::Action, requester::Requester},
    people::session::{self, Ending},
};
use innkeeper_domain::{ids::SessionId, permission::Permission};
use serde_json::json;
use std::net::IpAddr;
use time::OffsetDateTime;
use uuid::Uuid;

/// Most sessions that are listed.
const MOST: i64 = 50;

/// A browser in which the person is signed in.
#[derive(Debug, Clone)]
pub struct SessionLine {
    /// Its stable id.
    pub id: SessionId,
    /// What the browser called itself when it signed in.
    pub agent: Option<String>,
    /// From which address it was last seen.
    pub address: Option<IpAddr>,
    /// The short name of the way it came by.
    pub provider: String,
    /// Since when it is signed in.
    pub since: OffsetDateTime,
    /// When it was last seen, to the minute.
    pub seen: OffsetDateTime,
    /// Whether it is this one.
    pub here: bool,
}

/// Where the requester is signed in: this browser first, then the one seen last.
pub(super) async fn of(service: &Service, requester: &Requester) -> Result<Vec<SessionLine>> {
    let person = requester.signed_in()?;
    let rows = sqlx::query_as!(
        Row,
        r#"select id as "id!", agent, address as "address: ipnet::IpNet", coalesce(provider, '') as "provider!",
             created_at as "created_at!", last_seen_at as "last_seen_at!", id = $2 as "here!"
           from (select distinct on (id) * from session
             where account_id = $1 and expires_at > now() and ($4::text is null or provider = $4)
             order by id, last_seen_at desc) as browser
           order by id = $2 desc, last_seen_at desc, id limit $3"#,
        person.id.0,
        requester.session()?.0,
        MOST,
        person.only_way(),
    )
    .fetch_all(&service.pool)
    .await?;
    let line = |row| {
        let Row { id, agent, address, provider, created_at, last_seen_at, here } = row;
        let address = address.map(|net| net.addr());
        SessionLine {
            id: SessionId(id),
            agent,
            address,
            provider,
            since: created_at,
            seen: last_seen_at,
            here,
        }
    };
    Ok(rows.into_iter().map(line).collect())
}

struct Row {
    id: Uuid,
    agent: Option<String>,
    address: Option<ipnet::IpNet>,
    provider: String,
    created_at: OffsetDateTime,
    last_seen_at: OffsetDateTime,
    here: bool,
}

/// Ends one of the person's other sessions. Ended already is success; this one ends by signing out.
pub async fn end(service: &Service, requester: &Requester, id: SessionId) -> Result<()> {
    if requester.session()? == id {
        return Err(Error::Conflict);
    }
    end_where(service, requester, Some(id)).await
}

/// Ends all of the person's sessions but this one.
pub async fn end_others(service: &Service, requester: &Requester) -> Result<()> {
    end_where(service, requester, None).await
}

async fn end_where(service: &Service, requester: &Requester, one: Option<SessionId>) -> Result<()> {
    let person = requester.signed_in()?;
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::SessionEnd).await?;
    let others = Ending::Others { person, than: requester.session()?, one };
    let ended = session::end(&mut tx, others).await?;
    if !ended.is_empty() {
        requester
            .audit(Action::SessionEnd)
            .subject(&person.email)
            .detail(json!({ "ended": ended.len() }))
            .record(&mut tx, &service.ids)
            .await?;
    }
    Ok(tx.commit().await?)
}
