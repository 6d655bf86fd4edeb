use super::tools::Tools;
use crate::{
    Error, Result,
    audit::{self, Actor},
    engine::{Ended, RunRow},
    outbox,
};
use innkeeper_domain::{email::EmailAddress, mail::Message, run::RunKind};
use serde_json::json;
use sqlx::PgConnection;

/// How long a mail about a failure is tried, in hours.
const TRIED_FOR: i32 = 24;

/// What the end of a run means for its tenant; recorded with it.
pub async fn ended(tools: &Tools, run: &RunRow, how: &Ended, conn: &mut PgConnection) -> Result<()> {
    let tenant = sqlx::query!(
        "select t.name, a.email from tenant t join account a on a.id = t.requested_by where t.id = $1",
        run.tenant.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let (action, reason) = match how {
        Ended::Done => ("run.done", None),
        Ended::Failed(why) => ("run.failed", Some(why)),
        Ended::Stuck(why) => ("run.stuck", Some(why)),
    };
    audit::record(
        conn,
        &tools.ids,
        audit::Entry {
            actor: Actor::System,
            address: None,
            action,
            subject: &tenant.name,
            organisation: Some(run.organisation),
            tenant: Some(run.tenant),
            detail: json!({ "run": run.id, "kind": run.kind, "number": run.support_number, "reason": reason }),
        },
    )
    .await?;
    let (Some(reason), RunKind::Onboard) = (reason, run.kind) else { return Ok(()) };
    if matches!(how, Ended::Failed(_)) {
        sqlx::query!(
            "update tenant set state = 'failed' where id = $1 and state = 'provisioning'",
            run.tenant.0
        )
        .execute(&mut *conn)
        .await?;
    }
    let to =
        EmailAddress::parse(&tenant.email).map_err(|_| Error::corrupt("e-mail address", &tenant.email))?;
    let message = Message::SetupFailed {
        link: format!("{}/t/{}/setup", tools.public_url, tenant.name),
        tenant: tenant.name,
        reason: reason.clone(),
        support_number: run.support_number.to_string(),
    };
    outbox::queue(conn, &tools.ids, &*tools.sealer, &to, &message, TRIED_FOR).await?;
    Ok(())
}
