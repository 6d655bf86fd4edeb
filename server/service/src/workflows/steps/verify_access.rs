use crate::workflows::{
    engine::{Outcome, RunRow, Step, StepCx, StepError},
    passwords::open_sealed,
    provisioning_context::{Hold, Tools},
    tenant_record::{Subject, open},
};
use async_trait::async_trait;
use innkeeper_domain::{
    hba,
    ids::ServerId,
    password::draw_password,
    ports::{SignIn, SignInAnswer, TenantServer},
    secret::Secret,
    tenant::{PerRole, TenantRole},
};
use ipnet::IpNet;
use std::{collections::BTreeSet, fmt::Write as _, net::IpAddr, sync::Arc};

/// Really signs in as each role over TLS, and proves that what must be refused is refused.
pub struct VerifyAccess {
    /// What it works with.
    pub tools: Arc<Tools>,
    /// Whether the roles are allowed to sign in by this step (and no longer, when it is undone).
    pub opens: bool,
}

#[async_trait]
impl Step<Hold> for VerifyAccess {
    fn name(&self) -> &'static str {
        "verify_access"
    }

    async fn apply(&self, cx: &mut StepCx<'_, Hold>) -> Result<Outcome, StepError> {
        let tools = &self.tools;
        let passwords = open_sealed(tools, cx.run.tenant).await?;
        let subject = if self.opens {
            let (subject, mut session) = open(tools, cx).await?;
            session.set_login(true).await?;
            cx.hold.keep(session);
            subject
        } else {
            Subject::load(&tools.pool, cx.run.tenant).await?
        };
        let id = subject.server.ok_or_else(|| StepError::Fatal("No server was chosen.".into()))?;
        let server = tools.server(id)?;
        let own = Some(server.probe_address()).filter(|address| !subject.reach.admits(*address));
        // Also without an address: a killed portal with another one may have left its own.
        self.probe(cx.run, id, own).await?;
        let proof = self.prove(&subject, &*server, &passwords).await;
        if own.is_some() {
            self.probe(cx.run, id, None).await?;
        }
        let Proof { mut tries, full } = proof?;
        if own.is_some() {
            // The portal's own address is not on the list any more: so it must be refused as any other.
            let app = TenantRole::App;
            let user = subject.name.role(app);
            let attempt =
                SignIn { database: subject.name.to_string(), user, password: passwords.of(app).clone() };
            match server.sign_in(&attempt).await? {
                SignInAnswer::Refused { code } if code == "28000" => tries += 1,
                SignInAnswer::Full => return Err(no_connection_left()),
                other => {
                    return Err(broken(
                        "an IP address that is not on the allowlist was accepted",
                        Some(&other),
                    ));
                }
            }
        }
        if !rules_are_right(&subject, &*server).await? {
            tools.rules.apply(id).await?;
            if !rules_are_right(&subject, &*server).await? {
                return Err(StepError::Retry(
                    "The pg_hba.conf rules on the server are not the requested ones.".into(),
                ));
            }
        }
        let own = TenantRole::ALL.len();
        let mut note = format!(
            "{} TLS logins succeeded; {} forbidden attempts were rejected",
            own - full.len(),
            tries - own
        );
        if !full.is_empty() {
            let _ = write!(note, "; {} has no connection left, its password was accepted", full.join(", "));
        }
        Ok(Outcome::Done(note))
    }

    async fn undo(&self, cx: &mut StepCx<'_, Hold>) -> Result<(), StepError> {
        let subject = Subject::load(&self.tools.pool, cx.run.tenant).await?;
        let Some(id) = subject.server else { return Ok(()) };
        self.probe(cx.run, id, None).await?;
        // Also when the row was right already: a killed try may have changed the row and not the file.
        self.tools.rules.apply(id).await?;
        if self.opens {
            let (_, mut session) = open(&self.tools, cx).await?;
            session.set_login(false).await?;
            cx.hold.keep(session);
        }
        Ok(())
    }
}

impl VerifyAccess {
    /// Lets the portal's own address in, or no longer.
    async fn probe(&self, run: &RunRow, server: ServerId, own: Option<IpAddr>) -> Result<(), StepError> {
        let mut tx = run.begin(&self.tools.pool).await?;
        let changed = sqlx::query!(
            "update hba_rule set probe = $2 where tenant_id = $1 and probe is distinct from $2",
            run.tenant.0,
            own.map(IpNet::from) as _
        )
        .execute(&mut *tx)
        .await?
        .rows_affected();
        tx.commit().await?;
        // Lines that a killed try left behind are found by comparing afterwards.
        if changed > 0 || own.is_some() {
            self.tools.rules.apply(server).await?;
        }
        Ok(())
    }

    /// Tries all sign-ins at once.
    async fn prove(
        &self,
        subject: &Subject,
        server: &dyn TenantServer,
        passwords: &PerRole<Secret>,
    ) -> Result<Proof, StepError> {
        let tenant = subject.name.as_str();
        let attempt = |role: TenantRole, database: &str, password: &Secret| SignIn {
            database: database.into(),
            user: subject.name.role(role),
            password: password.clone(),
        };
        let other = sqlx::query_scalar!(
        "select name from tenant where server_id = $1 and id <> $2 and state = 'active' order by created_at desc limit 1",
        subject.server.map(|s| s.0),
        subject.id.0
    )
    .fetch_optional(&self.tools.pool)
    .await?;
        let app = TenantRole::App;
        let mut attempts: Vec<_> =
            passwords.iter().map(|(role, password)| attempt(role, tenant, password)).collect();
        attempts.push(attempt(app, tenant, &draw_password(&*self.tools.random)));
        attempts.push(attempt(app, "postgres", passwords.of(app)));
        attempts.extend(other.map(|other| attempt(app, &other, passwords.of(app))));
        let answers = futures::future::join_all(attempts.iter().map(|one| server.sign_in(one))).await;
        let mut answers = answers.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter();
        let mut full = Vec::new();
        for (role, answer) in TenantRole::ALL.iter().zip(answers.by_ref()) {
            // A tenant in use may need all it has. PostgreSQL looks at these limits after the password, and the wrong
            // password below shows that the server itself has connections left.
            if answer == SignInAnswer::Full && !self.opens {
                full.push(role.as_str());
                continue;
            }
            check_entry(subject, *role, &answer, self.opens)?;
        }
        match answers.next() {
            Some(SignInAnswer::Refused { code }) if code == "28P01" => {}
            Some(SignInAnswer::Full) => return Err(no_connection_left()),
            other => return Err(broken("a wrong password was not refused as such", other.as_ref())),
        }
        for answer in answers {
            if answer == SignInAnswer::Full {
                return Err(no_connection_left());
            }
            if !matches!(&answer, SignInAnswer::Refused { code } if code.starts_with("28") || code == "42501")
            {
                return Err(broken("another database was not closed to this tenant", Some(&answer)));
            }
        }
        Ok(Proof { tries: attempts.len(), full })
    }
}

/// What the trials showed.
struct Proof {
    /// How many there were.
    tries: usize,
    /// The roles that got no connection, since theirs are all in use.
    full: Vec<&'static str>,
}

fn no_connection_left() -> StepError {
    StepError::Retry("The server has no connection left to test with.".into())
}

fn broken(what: &str, answer: Option<&SignInAnswer>) -> StepError {
    tracing::error!(?answer, "the connection test found that {what}");
    StepError::Fatal(format!("The connection test found that {what}."))
}

/// What each role must find once it is in. Extensions and rights only in a database that is `new`: later they are its
/// owner's to change.
fn check_entry(
    subject: &Subject,
    role: TenantRole,
    answer: &SignInAnswer,
    new: bool,
) -> Result<(), StepError> {
    if *answer == SignInAnswer::Full {
        return Err(no_connection_left());
    }
    let SignInAnswer::In { user, database, tls, extensions, may_create, may_use_temp } = answer else {
        return Err(broken(&format!("the {} role cannot sign in", role.as_str()), Some(answer)));
    };
    let wanted: BTreeSet<&str> = subject.extensions.iter().map(|e| e.name()).collect();
    let found: BTreeSet<&str> =
        extensions.iter().map(String::as_str).filter(|name| *name != "plpgsql").collect();
    let rights = match role {
        TenantRole::Owner => (true, true),
        TenantRole::App => (false, true),
        TenantRole::ReadOnly => (false, false),
    };
    let right = [
        (
            *user == subject.name.role(role) && database == subject.name.as_str(),
            "the session is somebody else's",
        ),
        (*tls, "the connection is not encrypted"),
        (!new || found == wanted, "the extensions are not those that were chosen"),
        (!new || (*may_create, *may_use_temp) == rights, "the rights are not those of the role"),
    ];
    match right.into_iter().find(|(holds, _)| !holds) {
        Some((_, what)) => Err(broken(&format!("as {} {what}", role.as_str()), Some(answer))),
        None => Ok(()),
    }
}

/// Whether the rules have exactly this tenant's lines: its own addresses, and nothing of the probe.
async fn rules_are_right(subject: &Subject, server: &dyn TenantServer) -> Result<bool, StepError> {
    let block = server.read_rules().await?.unwrap_or_default();
    let own = |text: &str| {
        let marks = [format!("hostssl {} ", subject.name), format!("host all +{} ", subject.name)];
        text.lines()
            .filter(|line| marks.iter().any(|m| line.starts_with(m)))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let rule = hba::TenantRule { tenant: subject.name.clone(), reach: subject.reach.clone(), probe: None };
    Ok(own(&block) == own(&hba::render(&[rule])))
}
