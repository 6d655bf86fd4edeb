use super::{as_stored, work::BUSY};
use crate::{Error, Result, servers::Servers};
use innkeeper_domain::{
    ids::{Ids, ServerId},
    name::{TenantName, Wish},
    plan::Extension,
    ports::{Random, TenantServer},
};
use sqlx::PgPool;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long what a server said of its layout is believed: it changes with the server's major version.
const LAYOUT_AGE: Duration = Duration::from_mins(1);
/// Between two looks while nothing is missing.
const EVERY: Duration = Duration::from_secs(1);
/// Shortest and longest pause after a failure.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_mins(1));

/// Keeps as many slots ready on each server as its row says, for the extensions that are ticked at first and those most
/// often chosen there in the last week.
///
/// Gentle: one slot at a time, and as long at rest as at work. Any number of portals may run one.
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
        let (shortest, longest) = PAUSES;
        let mut pause = shortest;
        let mut layout = None;
        loop {
            let began = Instant::now();
            let rest = match self.round(id, &*server, &mut layout).await {
                Ok(worked) => {
                    pause = shortest;
                    if worked { began.elapsed() } else { EVERY }
                }
                Err(error) => {
                    layout = None;
                    tracing::warn!(server = %id, %error, "databases cannot be kept ready; tenants wait for theirs to \
                        be made; trying again in {} s", pause.as_secs());
                    let rest = pause;
                    pause = (pause * 2).min(longest);
                    rest
                }
            };
            tokio::time::sleep(rest).await;
        }
    }

    /// Makes one slot and removes one, where that is due; whether anything was.
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
        self.discard(id, &layout).await?;
        let missing = self.plan(id, &layout).await?;
        if let Some(slot) = &missing {
            self.make(server, slot).await?;
        }
        Ok(self.remove(id, server).await? || missing.is_some())
    }

    /// Declares trash what nobody finishes, and what nobody should claim any more: more than the wanted number, and,
    /// after a while in which portals of two versions may stand side by side, of another layout or another set.
    pub(super) async fn discard(&self, server: ServerId, layout: &str) -> Result<()> {
        sqlx::query!(
            "with often as (
                select extensions from tenant where server_id = $1 and created_at > now() - interval '7 days'
                group by extensions order by count(*) desc, extensions limit 3),
             ranked as (
                select s.id, v.ready_slots, v.draining, s.made_at < now() - interval '10 minutes' as old,
                    row_number() over (partition by s.layout, s.extensions order by s.made_at desc) as nth,
                    s.layout = $2 and (s.extensions = $3 or s.extensions in (select extensions from often)) as wanted
                from slot s join server v on v.id = s.server_id where s.server_id = $1 and s.state = 'ready')
             update slot set state = 'trash' where state = 'ready' and id in (
                select id from ranked where draining or nth > ready_slots or (old and not wanted))",
            server.0,
            layout,
            &as_stored(&Extension::DEFAULT),
        )
        .execute(&self.pool)
        .await?;
        sqlx::query!(
            "update slot set state = 'trash', busy_until = null
             where server_id = $1 and state = 'making' and busy_until < now()",
            server.0
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Writes down a slot to be made, if one is missing. Portals that ask at once wait for each other.
    pub(super) async fn plan(&self, server: ServerId, layout: &str) -> Result<Option<Missing>> {
        let wish = Wish::parse("slot").map_err(|what| Error::corrupt("the slots' beginning", what))?;
        let (id, name) = (self.ids.make::<uuid::Uuid>(), TenantName::draw(&wish, &*self.random));
        let mut tx = self.pool.begin().await?;
        let place = sqlx::query!(
            r#"select ready_slots as "level!" from server where id = $1 and not draining
                 and max_tenants > (select count(*) from reservation where server_id = $1) for no key update"#,
            server.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(place) = place else { return Ok(None) };
        let extensions = sqlx::query_scalar!(
            "insert into slot (id, server_id, name, extensions, layout, state, busy_until)
             select $3, $1, $4, wanted.extensions, $2, 'making', now() + make_interval(secs => $7) from (
                select $5::text[] as extensions, 0 as turn union
                select extensions, 1 from (select extensions from tenant
                    where server_id = $1 and created_at > now() - interval '7 days' and extensions <> $5
                    group by extensions order by count(*) desc, extensions limit 3) often) wanted
             where $6 > (select count(*) from slot s where s.server_id = $1 and s.layout = $2
                and s.extensions = wanted.extensions and s.state in ('making', 'ready'))
             order by wanted.turn, wanted.extensions limit 1
             returning extensions",
            server.0,
            layout,
            id,
            name.as_str(),
            &as_stored(&Extension::DEFAULT),
            i64::from(place.level),
            BUSY.as_secs_f64(),
        )
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        let Some(extensions) = extensions else { return Ok(None) };
        let parse = |name: &String| Extension::parse(name).map_err(|_| Error::corrupt("extension", name));
        Ok(Some(Missing { id, name, extensions: extensions.iter().map(parse).collect::<Result<_>>()? }))
    }
}
