use super::as_stored;
use crate::{Error, Result, context::servers::Servers};
use innkeeper_domain::{
    backoff::Backoff,
    ids::{Ids, ServerId},
    name::{TenantName, Wish},
    plan::Extension,
    ports::{Random, TenantServer},
};
use sqlx::{PgConnection, PgPool};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// For how long a slot is somebody's who works on it, and how often that is said again.
pub(super) const BUSY: Duration = Duration::from_secs(10);

/// How long what a server said of its layout is believed: it changes with the server's major version.
const LAYOUT_AGE: Duration = Duration::from_mins(1);
/// More trash than this, and nothing new is made.
const TRASH_MOST: i64 = 10;
/// Longest round: making and removing have their own times.
const ROUND: Duration = Duration::from_mins(10);
/// Between two looks while nothing is missing.
const EVERY: Duration = Duration::from_secs(1);
/// Shortest and longest pause after a failure.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_mins(1));

/// Keeps as many slots ready on each server as its row says, for the extensions that are ticked at first and those most
/// often chosen there in the last week.
///
/// Gentle: one slot at a time, as long at rest as at work, and as long as one is left not while somebody waits for a
/// database. Any number of portals may run one.
pub struct Keeper {
    /// The control database, as the worker role.
    pub pool: PgPool,
    /// Makes ids.
    pub ids: Ids,
    /// Draws names.
    pub random: Arc<dyn Random>,
    /// The servers.
    pub servers: Servers,
}

/// A slot to be made.
pub(super) struct Missing {
    pub(super) id: uuid::Uuid,
    pub(super) name: TenantName,
    pub(super) extensions: Vec<Extension>,
}

impl Keeper {
    /// Works until the process ends.
    pub async fn run(self) {
        let keeping = self.servers.all().into_iter().map(|(id, server)| self.keep(id, server));
        futures::future::join_all(keeping).await;
        // There was none to keep.
        std::future::pending::<()>().await;
    }

    async fn keep(&self, id: ServerId, server: Arc<dyn TenantServer>) {
        let mut backoff = PAUSES;
        let mut layout = None;
        loop {
            let began = Instant::now();
            let round = tokio::time::timeout(ROUND, self.round(id, &*server, &mut layout)).await;
            let rest = match round.unwrap_or_else(|_| Err(Error::Step("no end of it in time".into()))) {
                Ok(worked) => {
                    backoff = PAUSES;
                    if worked { began.elapsed() } else { EVERY }
                }
                Err(error) => {
                    layout = None;
                    let rest = backoff.pause();
                    tracing::warn!(server = %id, %error, "databases cannot be kept ready; tenants wait for theirs to \
                        be made; trying again in {} s", rest.as_secs());
                    rest
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// Removes one slot and makes one, where that is due; whether anything was.
    pub async fn round(
        &self,
        id: ServerId,
        server: &dyn TenantServer,
        known: &mut Option<(String, Instant)>,
    ) -> Result<bool> {
        let layout = match known {
            Some((layout, read)) if read.elapsed() < LAYOUT_AGE => layout.clone(),
            _ => known.insert((server.facts().await?.layout, Instant::now())).0.clone(),
        };
        let wanted = self.wanted(id).await?;
        self.discard(id, &layout, &wanted).await?;
        let removed = self.remove(id, server).await?;
        let missing = self.plan(id, &layout, &wanted).await?;
        if let Some(slot) = &missing {
            self.make(server, slot).await?;
        }
        Ok(removed || missing.is_some())
    }

    /// The sets of extensions that are wanted on a server: those ticked at first, then what people choose instead.
    pub(super) async fn wanted(&self, server: ServerId) -> Result<Vec<Vec<String>>> {
        let usual = as_stored(&Extension::DEFAULT);
        let chosen = sqlx::query_scalar!(
            "select extensions from tenant where server_id = $1 and created_at > now() - interval '7 days'
               and extensions <> $2 and extensions <@ $3 group by extensions order by count(*) desc, extensions limit 3",
            server.0,
            &usual,
            &as_stored(&Extension::ALL),
        )
        .fetch_all(&self.pool)
        .await?;
        Ok([usual].into_iter().chain(chosen).collect())
    }

    /// Declares trash what nobody finishes, and what nobody should claim any more: more than the wanted number; what an
    /// ended run has claimed; and, after a while in which portals of two versions may stand side by side, slots of
    /// another layout or another set.
    pub(super) async fn discard(&self, server: ServerId, layout: &str, wanted: &[Vec<String>]) -> Result<()> {
        sqlx::query!(
            "with ranked as (
                select s.id, v.ready_slots, v.draining, s.made_at < now() - interval '10 minutes' as old,
                    row_number() over (partition by s.layout, s.extensions order by s.made_at desc) as nth,
                    s.layout = $2 and array_to_string(s.extensions, ' ') = any ($3) as wanted
                from slot s join server v on v.id = s.server_id where s.server_id = $1 and s.state = 'ready')
             update slot set state = 'trash' where state = 'ready' and id in (
                select id from ranked where draining or nth > ready_slots or (old and not wanted))",
            server.0,
            layout,
            &wanted.iter().map(|set| set.join(" ")).collect::<Vec<_>>(),
        )
        .execute(&self.pool)
        .await?;
        sqlx::query!(
            "update slot s set state = 'trash', tenant_id = null, busy_until = null where server_id = $1 and (
                (state = 'making' and busy_until < now())
                or (state = 'claimed' and not exists (select from live_run r where r.tenant_id = s.tenant_id)))",
            server.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Writes down a slot to be made, if one is missing. Portals that ask at once wait for each other; nobody waits where
    /// none is missing.
    pub(super) async fn plan(
        &self,
        server: ServerId,
        layout: &str,
        wanted: &[Vec<String>],
    ) -> Result<Option<Missing>> {
        let mut conn = self.pool.acquire().await?;
        if missing(&mut conn, server, layout, wanted).await?.is_none() {
            return Ok(None);
        }
        let mut tx = sqlx::Connection::begin(&mut *conn).await?;
        sqlx::query_scalar!("select lock_server($1)", server.0).fetch_one(&mut *tx).await?;
        let Some(set) = missing(&mut tx, server, layout, wanted).await? else { return Ok(None) };
        let wish = Wish::parse("slot").map_err(|what| Error::corrupt("the slots' beginning", what))?;
        let (id, name) = (self.ids.make::<uuid::Uuid>(), TenantName::draw(&wish, &*self.random));
        let parse = |name: &String| Extension::parse(name).map_err(|_| Error::corrupt("extension", name));
        let extensions = set.iter().map(parse).collect::<Result<_>>()?;
        let written = sqlx::query!(
            "insert into slot (id, server_id, name, extensions, layout, state, busy_until)
             select $1, $2, $3, $4, $5, 'making', now() + make_interval(secs => $6)
             where not exists (select from tenant where name = $3)",
            id,
            server.0,
            name.as_str(),
            set,
            layout,
            BUSY.as_secs_f64(),
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((written.rows_affected() == 1).then_some(Missing { id, name, extensions }))
    }
}

/// The first of the wanted sets of which there are too few; none where no tenant can come, and none as long as many slots
/// wait to be removed: something is wrong then, and more would be worse.
async fn missing<'a>(
    conn: &mut PgConnection,
    server: ServerId,
    layout: &str,
    wanted: &'a [Vec<String>],
) -> Result<Option<&'a Vec<String>>> {
    let level = sqlx::query_scalar!(
        "select ready_slots from server where id = $1 and not draining
           and max_tenants > (select count(*) from reservation where server_id = $1)
           and $2 > (select count(*) from slot where server_id = $1 and state = 'trash')",
        server.0,
        TRASH_MOST,
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(level) = level else { return Ok(None) };
    let there = sqlx::query_scalar!(
        "select extensions from slot where server_id = $1 and layout = $2 and state in ('making', 'ready')",
        server.0,
        layout
    )
    .fetch_all(&mut *conn)
    .await?;
    let of = |set: &Vec<String>| there.iter().filter(|other| *other == set).count();
    // While somebody waits for a database the server works for him, unless the next one would have to wait, too, or a
    // run takes so long that it waits for something else.
    let waits = sqlx::query_scalar!(
        r#"select exists (select from run r join tenant t on t.id = r.tenant_id where t.server_id = $1
             and r.kind = 'onboard' and r.state = 'running' and r.schedule_at <= now()
             and r.created_at > now() - interval '10 seconds') as "waits!""#,
        server.0
    );
    let least = if waits.fetch_one(conn).await? { 1 } else { level };
    Ok(wanted.iter().find(|set| i32::try_from(of(set)).is_ok_and(|count| count < level.min(least))))
}
