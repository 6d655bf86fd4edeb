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
        r#"select r.support_number, r.kind, r.state, t.name, coalesce(s.name, '') as "step!", coalesce(s.error, '') as "error!"
           from run r join tenant t on t.id = r.tenant_id left join step s on s.run_id = r.id and s.position = r.cursor
           where r.state = 'stuck' or (r.state in ('running', 'unwinding') and r.schedule_at < now() - interval '2 minutes'
                and (r.lease_until is null or r.lease_until < now()))
           order by r.created_at limit 100"#
    )
    .fetch_all(pool)
    .await?;
    for run in runs {
        let stuck = run.state == "stuck";
        found.push(Finding {
            what: format!("run {} ({} of {}) is {} at step {}: {}", run.support_number, run.kind, run.name,
                if stuck { "stuck" } else { "making no progress" }, run.step, run.error),
            why: "The person who asked for it waits, and nothing else can happen to this tenant.".into(),
            advice: if stuck {
                format!(
                    "Mend what the error names, then `innkeeper run go-on {0}`; or undo it: `innkeeper run turn-back {0}`.",
                    run.support_number
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
            what: format!("{} mails are {}: {}", mail.count, mail.state, mail.error.unwrap_or_default()),
            why: "People wait for sign-in links and notices.".into(),
            advice: "Check INNKEEPER_MAIL_URL with your mail server's log; waiting mails go out by themselves once it answers.".into(),
        });
    }
    Ok(found)
}
