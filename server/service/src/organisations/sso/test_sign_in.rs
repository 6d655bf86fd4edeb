//! Testing the organisation's single sign-on: what its issuer says of the admin, claim by claim, and what would come of it.
//! Nothing comes of it.

use crate::{
    Error, Result, Service,
    context::{
        audit::Action,
        permission::Membership,
        providers::Provider,
        requester::{Requester, SignedIn},
    },
    organisations::{membership_source::rules, verified_domain::own_address},
};
use innkeeper_domain::{
    identity::{Facts, Groups, Reason, Refusal, Subject, role_of},
    organisation::MemberRole,
    permission::Permission,
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use time::OffsetDateTime;

/// Most claims that are kept, and the longest value, in characters.
const CLAIMS: usize = 60;
const VALUE: usize = 400;

/// A trial, as an admin sees it.
#[derive(Debug, Clone)]
pub struct Trial {
    /// When it was.
    pub at: OffsetDateTime,
    /// Whether the settings are still those that were tried.
    pub current: bool,
    /// Why they would not be let in, and what was found; none if they would.
    pub refused: Option<(Reason, String)>,
    /// What they would be.
    pub role: Option<MemberRole>,
    /// All that was said, name and value.
    pub said: Vec<(String, String)>,
}

/// Keeps what came of a trial, in place of the admin's last one.
pub(crate) async fn record(
    service: &Service,
    requester: &Requester,
    provider: &Provider,
    person: &SignedIn,
    facts: Result<Facts>,
) -> Result<()> {
    let organisation = provider.organisation.ok_or(Error::NotFound)?;
    let mut tx = requester.begin(&service.pool).await?;
    let membership = Membership::load(&mut tx, requester, organisation).await?;
    requester.authorize_on(&mut tx, Permission::SsoTest, &membership).await?;
    let said = facts.as_ref().map(claims).unwrap_or_default();
    let subject = facts.as_ref().ok().map(|facts| facts.subject.clone());
    let (role, refusal) = match judge(&mut tx, provider, facts).await {
        Ok(role) => (Some(role), None),
        Err(Error::NotVouched(refusal)) => (None, Some(refusal)),
        Err(error) => return Err(error),
    };
    tracing::info!(provider = %provider.id, address = %requester.browser()?.address, "an organisation's way in was tried");
    sqlx::query!(
        "insert into organisation_trial (organisation_id, account_id, version, refusal, found, role, said, issuer, subject)
         select $1, $2, version, $3, $4, $5, $6, $7, $8 from organisation_identity where organisation_id = $1
         on conflict (organisation_id, account_id) do update set version = excluded.version, tried_at = now(),
           refusal = excluded.refusal, found = excluded.found, role = excluded.role, said = excluded.said,
           issuer = excluded.issuer, subject = excluded.subject",
        organisation.0,
        person.id.0,
        refusal.as_ref().map(|refusal| refusal.reason.code()),
        refusal.as_ref().map(|refusal| shortened(&refusal.found)),
        role.map(MemberRole::as_str),
        serde_json::to_value(said).map_err(|error| Error::corrupt("claims", error))?,
        subject.as_ref().map(Subject::issuer),
        subject.as_ref().map(Subject::subject),
    )
    .execute(&mut *tx)
    .await?;
    requester
        .audit(Action::SsoTest)
        .subject(provider.id.as_str())
        .in_organisation(organisation)
        .detail(json!({ "role": role, "reason": refusal.map(|refusal| refusal.reason.code()) }))
        .record(&mut tx, &service.ids)
        .await?;
    Ok(tx.commit().await?)
}

/// What would come of it if somebody new came like that.
async fn judge(conn: &mut PgConnection, provider: &Provider, facts: Result<Facts>) -> Result<MemberRole> {
    let facts = facts?;
    let organisation = provider.organisation.ok_or(Error::NotFound)?;
    own_address(conn, provider, organisation, &facts).await?;
    let role = role_of(&rules(conn, organisation, provider.id.as_str()).await?, &facts.groups);
    role.ok_or_else(|| Refusal::new(Reason::Group, "none of your groups is in the group mapping").into())
}

fn claims(facts: &Facts) -> Vec<(String, String)> {
    let groups = match &facts.groups {
        Groups::Listed(groups) => groups.join(", "),
        Groups::Untold => "not told".into(),
        Groups::TooMany => "too many for the token, and they could not be read elsewhere".into(),
    };
    let said = facts.said.iter().map(|(name, value)| (shortened(name), shortened(value)));
    let read = [("(groups, as read)".to_owned(), shortened(&groups))];
    read.into_iter().chain(said.take(CLAIMS)).collect()
}

fn shortened(text: &str) -> String {
    text.chars().filter(|c| *c != '\0').take(VALUE).collect()
}

/// The admin's last trial.
pub(crate) async fn of(
    conn: &mut PgConnection,
    organisation: uuid::Uuid,
    account: uuid::Uuid,
) -> Result<Option<Trial>> {
    let row = sqlx::query!(
        r#"select t.tried_at, t.version = i.version as "current!", t.refusal, t.found, t.role,
             t.said as "said: Json<Vec<(String, String)>>"
           from organisation_trial t join organisation_identity i on i.organisation_id = t.organisation_id
           where t.organisation_id = $1 and t.account_id = $2 and i.kind is not null"#,
        organisation,
        account
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let refused = row.refusal.as_deref().and_then(Reason::parse);
    Ok(Some(Trial {
        at: row.tried_at,
        current: row.current,
        refused: refused.map(|reason| (reason, row.found.unwrap_or_default())),
        role: row.role.as_deref().and_then(MemberRole::parse),
        said: row.said.0,
    }))
}
