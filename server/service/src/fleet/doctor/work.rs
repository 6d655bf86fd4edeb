use crate::Result;
use sqlx::PgPool;

/// Something an operator should look at.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What to do.
    pub advice: String,
}

/// Runs that need a person or make no progress, and mails that did not go out.
pub async fn work(pool: &PgPool) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let runs = sqlx::query!(
        r#"select r.support_number, r.kind, r.state, t.name, coalesce(s.name, '') as "step!", coalesce(s.error, '') as "error!",
             s.name = 'cut_off' as "cuts_off?", s.blocked_by as "blocked_by?"
           from run r join tenant t on t.id = r.tenant_id left join step s on s.run_id = r.id and s.position = r.cursor
           where r.state = 'stuck' or s.blocked_by is not null or (r.state in ('running', 'unwinding') and r.schedule_at < now() - interval '2 minutes'
                and (r.lease_until is null or r.lease_until < now()))
           order by r.created_at limit 100"#
    )
    .fetch_all(pool)
    .await?;
    for run in runs {
        let stuck = run.state == "stuck";
        let stands = match (stuck, &run.blocked_by) {
            (true, _) => "stuck",
            (false, Some(_)) => "waiting for somebody else",
            (false, None) => "making no progress",
        };
        let by = run.blocked_by.as_ref().map(|by| format!(": {by}")).unwrap_or_default();
        let number = &run.support_number;
        found.push(Finding {
            what: format!("run {number} ({} of {}) is {stands} at step {}: {}{by}", run.kind, run.name, run.step, run.error),
            why: "The person who asked for it waits, and nothing else can happen to this tenant.".into(),
            advice: if run.cuts_off == Some(true) || run.blocked_by.is_some() {
                let then = if stuck { format!(", then `innkeeper run resume {number}`") } else { String::new() };
                format!("The database is closed to everybody else. Wait until the named process has ended, or end it: see \
                    \u{201c}A session that does not end\u{201d} in docs/operations.md{then}.")
            } else if stuck {
                format!(
                    "Fix the cause of the error, then `innkeeper run resume {number}`; or roll it back: `innkeeper run rollback {number}`."
                )
            } else {
                "Is a portal running, and can it reach the server? Its log names the run by this number.".into()
            },
        });
    }
    let mails = sqlx::query!(
        r#"select state, count(*) as "count!", max(error) as error from outbox
           where state = 'failed' and created_at > now() - interval '7 days'
             or state = 'waiting' and created_at < now() - interval '5 minutes'
           group by state"#
    )
    .fetch_all(pool)
    .await?;
    for mail in mails {
        found.push(Finding {
            what: format!("{} e-mails are {}: {}", mail.count, mail.state, mail.error.unwrap_or_default()),
            why: "People wait for sign-in links and notices.".into(),
            advice: "Check INNKEEPER_MAIL_URL with your mail server's log; waiting e-mails are sent once it answers.".into(),
        });
    }
    Ok(found)
}
