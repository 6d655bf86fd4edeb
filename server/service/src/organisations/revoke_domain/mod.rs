use super::verified_domains::Proven;
use crate::{
    Error, Result, Service,
    context::{audit::Action, field_error::Field, requester::Requester},
    db,
    organisations::domain_revoked_mail,
};
use innkeeper_domain::{
    ids::OrganisationId, name::draw_plain, organisation::MailDomain, permission::Permission, text,
};
use serde_json::json;
use time::OffsetDateTime;

/// The longest reason, in characters.
const REASON_MOST: usize = 200;

/// A proven domain, and what is lost with it.
#[derive(Debug, Clone)]
pub struct TakingBack {
    /// The domain, and whose it is.
    pub proven: Proven,
    /// The addresses of the organisation's admins, five at most.
    pub admins: Vec<String>,
    /// How many people with an address of the domain have come in by the organisation's own way.
    pub people: i64,
    /// How many other domains the organisation has proven.
    pub others: i64,
    /// Since when the organisation's other ways in are closed.
    pub closed_since: Option<OffsetDateTime>,
}

/// What an approver sees before taking a domain back; [`Error::NotFound`] where it is not the organisation's.
pub async fn taking_back(
    service: &Service,
    requester: &Requester,
    organisation: OrganisationId,
    domain: &MailDomain,
) -> Result<TakingBack> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::DomainRevokeView).await?;
    db::as_member(&mut tx, organisation).await?;
    let row = sqlx::query!(
        r#"select o.name, d.proven_at as "proven_at!", d.proven_by as "proven_by!",
             i.enforced_at as "enforced_at?",
             array(select a.email from member m join account a on a.id = m.account_id
               where m.organisation_id = $1 and m.role = 'admin' order by a.email_key limit 5) as "admins!",
             (select count(distinct w.account_id) from identity w
               where w.provider = i.provider and lower(split_part(w.address, '@', -1)) = $2) as "people!",
             (select count(*) from organisation_domain b
               where b.organisation_id = $1 and b.domain <> $2 and b.proven_at is not null) as "others!"
           from organisation_domain d join organisation o on o.id = d.organisation_id
             left join organisation_identity i on i.organisation_id = d.organisation_id
           where d.organisation_id = $1 and d.domain = $2 and d.proven_at is not null"#,
        organisation.0,
        domain.as_str(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(TakingBack {
        proven: Proven {
            organisation,
            name: row.name,
            domain: domain.clone(),
            proven_at: row.proven_at,
            by_dns: row.proven_by == "dns",
        },
        admins: row.admins,
        people: row.people,
        others: row.others,
        closed_since: row.enforced_at,
    })
}

/// Takes a proven domain back from an organisation, and tells its admins why. What its DNS has to say to prove it again is
/// another text. [`Error::Conflict`] where it is not the organisation's any more.
pub async fn take_back(
    service: &Service,
    requester: &Requester,
    organisation: OrganisationId,
    domain: &MailDomain,
    reason: &str,
) -> Result<()> {
    let mut tx = requester.begin_unscoped(&service.pool).await?;
    requester.authorize(&mut tx, Permission::DomainDecide).await?;
    let reason = text::line(reason, REASON_MOST).map_err(|error| Error::rejected(Field::Reason, error))?;
    db::as_member(&mut tx, organisation).await?;
    let was = sqlx::query_scalar!(
        r#"update organisation_domain d set proven_at = null, proven_by = null, staff_asked_at = null, token = $3
           from organisation_domain before
           where d.organisation_id = $1 and d.domain = $2 and d.proven_at is not null
             and before.organisation_id = d.organisation_id and before.domain = d.domain
           returning before.proven_by as "by!""#,
        organisation.0,
        domain.as_str(),
        draw_plain(&*service.random, 32),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(Error::Conflict)?;
    requester
        .audit(Action::DomainRevoke)
        .subject(domain.as_str())
        .in_organisation(organisation)
        .detail(json!({ "reason": reason, "was_proven_by": was }))
        .record(&mut tx, &service.ids)
        .await?;
    let why = format!("Staff of this portal revoked it. Reason: {reason}");
    domain_revoked_mail::tell(service, &mut tx, organisation, domain, why).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
