use super::{provisioning_context::Tools, steps::change_plan::PlanWish};
use crate::{
    Error, Result,
    context::{
        audit::{Action, Actor},
        outbox,
    },
    db::transition,
    fleet::{capacity, warm_pool},
    workflows::engine::{Ended, RunRow},
};
use innkeeper_domain::{
    capacity::Claim,
    email::EmailAddress,
    ids::ServerId,
    mail::Message,
    plan::Limits,
    removal::{GIVEN_BACK_FOR, KEPT_AFTER_REMOVAL, KEPT_AFTER_RETURN, POSTPONED_BY},
    routes::{Page, TenantPage},
    run::RunKind,
    transition::Transition,
};
use serde_json::json;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// How long a mail about a failure is tried, in hours.
const TRIED_FOR: i32 = 24;

/// What the end of a run means for its tenant; recorded with it.
pub async fn ended(tools: &Tools, run: &RunRow, how: &Ended, conn: &mut PgConnection) -> Result<()> {
    let name = sqlx::query_scalar!("select name from tenant where id = $1", run.tenant.0)
        .fetch_one(&mut *conn)
        .await?;
    record(tools, run, how, &name, conn).await?;
    let mut end = End { tools, run, name, conn };
    match (run.kind, how) {
        (RunKind::Onboard, Ended::Done) => warm_pool::give_up(end.conn, run.tenant).await,
        (RunKind::Onboard, Ended::Failed(why)) => {
            end.becomes(Transition::OnboardingFailed).await?;
            // The place was reserved before the first step, which may not have begun.
            capacity::release(end.conn, run.tenant).await?;
            end.setup_failed(why).await
        }
        (RunKind::Onboard, Ended::Stuck(why)) => end.setup_failed(why).await,
        (RunKind::Suspend, Ended::Stuck(why)) => {
            end.suspend_meanwhile().await?;
            end.held(why).await
        }
        (_, Ended::Stuck(why)) => end.held(why).await,
        (RunKind::Suspend, Ended::Done) => {
            end.becomes(Transition::Suspended).await?;
            let message = Message::Suspended { tenant: end.name.clone(), link: end.link(Page::Danger) };
            end.tell_admins(&message).await
        }
        (RunKind::RenewPasswords, Ended::Failed(_)) => end.without_passwords().await,
        (RunKind::Resume, Ended::Done) => end.becomes(Transition::Resumed).await,
        (RunKind::Destroy, Ended::Done) => end.schedule_removal().await,
        (RunKind::Suspend | RunKind::Destroy, Ended::Failed(_)) => end.becomes(Transition::Restored).await,
        (RunKind::UndoDestroy, Ended::Done) => {
            end.becomes(Transition::Restored).await?;
            end.keep_backups(KEPT_AFTER_RETURN).await.map(drop)
        }
        // Neither may lead to a removal that nobody has looked at.
        (RunKind::UndoDestroy | RunKind::Remove, Ended::Failed(why)) => end.postpone_removal(why).await,
        (RunKind::Remove, Ended::Done) => end.removed().await,
        (RunKind::ChangePlan, Ended::Done) => {
            end.change_plan().await?;
            end.reserve_plan().await
        }
        (RunKind::ChangePlan, Ended::Failed(_)) => end.reserve_plan().await,
        _ => Ok(()),
    }
}

async fn record(tools: &Tools, run: &RunRow, how: &Ended, name: &str, conn: &mut PgConnection) -> Result<()> {
    let (action, reason) = match how {
        Ended::Done => (Action::RunDone, None),
        Ended::Failed(why) => (Action::RunFailed, Some(why)),
        Ended::Stuck(why) => (Action::RunStuck, Some(why)),
    };
    Ok(Actor::Run(run.id)
        .audit(action)
        .subject(name)
        .in_tenant((run.organisation, run.tenant))
        .detail(json!({ "run": run.id, "kind": run.kind, "number": run.support_number, "reason": reason }))
        .record(conn, &tools.ids)
        .await?)
}

struct End<'a> {
    tools: &'a Tools,
    run: &'a RunRow,
    name: String,
    conn: &'a mut PgConnection,
}

impl End<'_> {
    async fn becomes(&mut self, by: Transition) -> Result<()> {
        Ok(transition(&mut *self.conn, self.run.tenant, by).await.map(drop)?)
    }

    fn link(&self, page: TenantPage) -> String {
        page((&self.name).into()).absolute(&self.tools.public_url)
    }

    async fn tell_admins(&mut self, message: &Message) -> Result<()> {
        let Tools { ids, sealer, .. } = self.tools;
        outbox::to_admins(&mut *self.conn, ids, &**sealer, self.run.organisation, message).await
    }

    /// Tells the person who asked for the tenant.
    async fn setup_failed(&mut self, why: &str) -> Result<()> {
        let email = sqlx::query_scalar!(
            "select a.email from tenant t join account a on a.id = t.requested_by where t.id = $1",
            self.run.tenant.0
        )
        .fetch_one(&mut *self.conn)
        .await?;
        let to = EmailAddress::parse(&email).map_err(|_| Error::corrupt("e-mail address", &email))?;
        let message = Message::SetupFailed {
            link: self.link(Page::Setup),
            tenant: self.name.clone(),
            reason: why.to_owned(),
            support_number: self.run.support_number.to_string(),
        };
        let Tools { ids, sealer, .. } = self.tools;
        outbox::queue(&mut *self.conn, ids, &**sealer, &to, &message, TRIED_FOR).await?;
        Ok(())
    }

    /// The roles have no passwords now, unless the run ended before it began.
    async fn without_passwords(&mut self) -> Result<()> {
        sqlx::query!(
            "update handoff set state = 'expired', closed_at = coalesce(closed_at, now())
             where id = (select id from handoff where tenant_id = $1 order by created_at desc, id desc limit 1)
               and exists (select from step where run_id = $2 and intent_at is not null)",
            self.run.tenant.0,
            self.run.id.0,
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }

    async fn held(&mut self, why: &str) -> Result<()> {
        let message = Message::RunHeld {
            tenant: self.name.clone(),
            reason: why.to_owned(),
            support_number: self.run.support_number.to_string(),
            link: self.link(Page::Danger),
        };
        self.tell_admins(&message).await
    }

    /// A suspension that is held counts as one: everybody but who does not end is kept out. Not where it is on its way
    /// back.
    async fn suspend_meanwhile(&mut self) -> Result<()> {
        let forward = sqlx::query_scalar!(
            r#"select exists (select from step where run_id = $1 and name = 'cut_off' and state = 'failed') as "forward!""#,
            self.run.id.0,
        );
        if forward.fetch_one(&mut *self.conn).await? {
            self.becomes(Transition::SuspensionStuck).await?;
        }
        Ok(())
    }

    async fn schedule_removal(&mut self) -> Result<()> {
        let at = sqlx::query_scalar!(
            r#"update tenant set removal_at = now() + make_interval(secs => $2) where id = $1
               returning removal_at as "at!""#,
            self.run.tenant.0,
            GIVEN_BACK_FOR.as_seconds_f64(),
        )
        .fetch_one(&mut *self.conn)
        .await?;
        let message = Message::RemovalScheduled {
            tenant: self.name.clone(),
            at: outbox::moment(at),
            link: self.link(Page::Danger),
        };
        self.tell_admins(&message).await
    }

    async fn postpone_removal(&mut self, why: &str) -> Result<()> {
        sqlx::query!(
            "update tenant set removal_at = greatest(removal_at, now() + make_interval(secs => $2)) where id = $1",
            self.run.tenant.0,
            POSTPONED_BY.as_seconds_f64(),
        )
        .execute(&mut *self.conn)
        .await?;
        self.held(why).await
    }

    /// Backups without an end get one; the latest there is now.
    async fn keep_backups(&mut self, time: Duration) -> Result<Option<OffsetDateTime>> {
        sqlx::query!(
            "update backup set kept_until = now() + make_interval(secs => $2)
             where tenant_id = $1 and kept_until is null",
            self.run.tenant.0,
            time.as_seconds_f64(),
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(sqlx::query_scalar!("select max(kept_until) from backup where tenant_id = $1", self.run.tenant.0)
            .fetch_one(&mut *self.conn)
            .await?)
    }

    async fn removed(&mut self) -> Result<()> {
        self.becomes(Transition::Removed).await?;
        let Some(until) = self.keep_backups(KEPT_AFTER_REMOVAL).await? else { return Ok(()) };
        let message = Message::Removed {
            tenant: self.name.clone(),
            kept_until: outbox::moment(until),
            link: self.link(Page::Danger),
        };
        self.tell_admins(&message).await
    }

    /// What the tenant's plan takes; until now it was what the old and the new one take.
    async fn reserve_plan(&mut self) -> Result<()> {
        let row = sqlx::query!(
            "select t.server_id, p.limits from tenant t
             join plan p on p.name = t.plan_name and p.version = t.plan_version where t.id = $1",
            self.run.tenant.0
        )
        .fetch_one(&mut *self.conn)
        .await?;
        let limits: Limits =
            serde_json::from_value(row.limits).map_err(|what| Error::corrupt("limits of plan", what))?;
        let Some(server) = row.server_id else { return Ok(()) };
        let whose = (self.run.organisation, self.run.tenant);
        capacity::keep(self.conn, whose, ServerId(server), Claim::of(&limits)).await
    }

    async fn change_plan(&mut self) -> Result<()> {
        let wish = PlanWish::of(&self.run.input)?;
        sqlx::query!(
            "update tenant set plan_name = $2, plan_version = $3 where id = $1",
            self.run.tenant.0,
            wish.plan,
            wish.version,
        )
        .execute(&mut *self.conn)
        .await?;
        Ok(())
    }
}
